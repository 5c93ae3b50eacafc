"""LPIPS (Zhang et al. 2018) on AlexNet features, with the weights that the engine has converted."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.perceptual.weights import load_weights

_LAYERS = (
    ("net.slice1.0", 4, 2),
    ("net.slice2.3", 1, 2),
    ("net.slice3.6", 1, 1),
    ("net.slice4.8", 1, 1),
    ("net.slice5.10", 1, 1),
)
_MEAN, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


class LpipsAlex(nn.Module):
    """Perceptual distance of two display-referred pictures in [0, 1], [batch, 3, height, width] to a scalar."""

    def __init__(self) -> None:
        super().__init__()
        weights = load_weights("alex")
        for i, (name, _, _) in enumerate(_LAYERS):
            self.register_buffer(f"kernel{i}", weights[f"{name}.weight"])
            self.register_buffer(f"bias{i}", weights[f"{name}.bias"])
            self.register_buffer(f"head{i}", weights[f"lin{i}.model.1.weight"])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        pairs = zip(self._features(a), self._features(b), strict=True)
        distances = [((x - y).square() * getattr(self, f"head{i}")).sum(1).mean() for i, (x, y) in enumerate(pairs)]
        return torch.stack(distances).sum()

    def _features(self, picture: Tensor) -> list[Tensor]:
        mean, scale = picture.new_tensor(_MEAN).view(1, 3, 1, 1), picture.new_tensor(_SCALE).view(1, 3, 1, 1)
        x, features = (picture * 2 - 1 - mean) / scale, []
        for i, (_, stride, padding) in enumerate(_LAYERS):
            if i in (1, 2):
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(F.conv2d(x, getattr(self, f"kernel{i}"), getattr(self, f"bias{i}"), stride, padding))
            features.append(F.normalize(x.float(), dim=1, eps=1e-5))
        return features
