"""Which sky is in a picture: ridge classifiers on azimuth statistics, fitted to renders. Coarse, fast and honest."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.sky import Clouds, Ground, SkyParameters, Time

_RIDGE = 30.0
_FEATURE_HEIGHT = 32  # rows that a panorama is reduced to
CLASSES: dict[str, tuple[object, ...]] = {
    "time": tuple(Time),
    "clouds": tuple(Clouds),
    "ground": tuple(Ground),
    "mountains": (False, True),
}
ATTRIBUTES = tuple(CLASSES)


def labels(skies: Sequence[SkyParameters]) -> Tensor:
    """Class numbers, [len(skies), attributes]."""
    rows = [[classes.index(getattr(sky, name)) for name, classes in CLASSES.items()] for sky in skies]
    return torch.tensor(rows)


class SkyClassifier:
    """Tells time, clouds, ground and mountains of a panorama. *codes*: [n, 3, height, 2 * height], log radiance."""

    def __init__(self, codes: Tensor, truth: Tensor) -> None:
        features = _features(codes)
        self._mean, self._std = features.mean(0), features.std(0) + 1e-6
        x = self._standardise(features)
        gram = x.T @ x + _RIDGE * torch.eye(x.shape[1], dtype=x.dtype)
        one_hot = [F.one_hot(truth[:, i], len(classes)).to(x) for i, classes in enumerate(CLASSES.values())]
        self._weights = [torch.linalg.solve(gram, x.T @ target) for target in one_hot]

    def __call__(self, codes: Tensor) -> Tensor:
        """Class numbers, [n, attributes]."""
        x = self._standardise(_features(codes))
        return torch.stack([(x @ weights).argmax(1) for weights in self._weights], 1)

    def accuracy(self, codes: Tensor, truth: Tensor) -> list[float]:
        """Share of right answers per attribute."""
        return (self(codes) == truth).double().mean(0).tolist()

    def _standardise(self, features: Tensor) -> Tensor:
        return F.pad((features - self._mean) / self._std, (0, 1), value=1.0)


def reduced(codes: Tensor) -> Tensor:
    """All that the classifier sees of *codes*, [n, 3, 32, 64]."""
    return F.avg_pool2d(codes, codes.shape[2] // _FEATURE_HEIGHT)


def _features(codes: Tensor) -> Tensor:
    """Per row: mean, spread, roughness and maximum of brightness and two colour differences; and their squares."""
    small = reduced(codes)
    channels = torch.stack([small.mean(1), small[:, 0] - small[:, 1], small[:, 2] - small[:, 1]], 1)
    rough = (small[..., 1:] - small[..., :-1]).abs().mean(3)
    rows = torch.cat([channels.mean(3), channels.std(3), rough, small.amax(3)], 1).flatten(1)
    return torch.cat([rows, rows.square()], 1).double()
