"""Perceptual distances between pictures, split where it saves work: what is seen of a picture, and how two compare."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

Features = list[Any]  # of tensors [n, ...], one row a picture, or of such lists


class Distance(nn.Module, ABC):
    """A distance between what *network* sees in two pictures.

    Features are computed once for a picture that is compared with many. checkpointing: see :meth:`checkpoint`.
    """

    checkpointing = False

    def __init__(self, network: nn.Module) -> None:
        """network: pictures ``[n, 3, H, W]`` in [0, 1] to its activations, a list of ``[n, ...]``."""
        super().__init__()
        self.network = network

    @abstractmethod
    def describe(self, activations: Features) -> Features:
        """What is compared, from the network's activations."""

    @abstractmethod
    def between(self, first: Features, second: Features) -> Tensor:
        """Distances ``[n]`` between features of n pictures and of n or one."""

    def features(self, pictures: Tensor) -> Features:
        """What is compared of *pictures* ``[n, 3, H, W]`` in [0, 1]."""
        return self.describe(self.network(pictures))

    def checkpoint(self, on: bool) -> None:
        """Whether a gradient keeps few activations and computes the others again, where the network can do that."""
        self.checkpointing = on
        part: Any
        for part in self.network.modules():
            if hasattr(part, "checkpointing"):
                part.checkpointing = on

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Distances ``[n]`` between pictures ``[n, 3, H, W]`` in [0, 1]."""
        return self.between(self.features(first), self.features(second))


class WeightedSum(Distance):
    """A weighted sum of distances. A network that several of them share looks at each picture once."""

    def __init__(self, weights: Mapping[Distance, float]) -> None:
        networks = list(dict.fromkeys(distance.network for distance in weights))
        super().__init__(_SideBySide(networks))
        self._terms: Any = nn.ModuleList(weights)
        self._weights = list(weights.values())
        self._sees = [networks.index(distance.network) for distance in weights]

    def describe(self, activations: Features) -> Features:
        return [term.describe(activations[seen]) for term, seen in zip(self._terms, self._sees, strict=True)]

    def between(self, first: Features, second: Features) -> Tensor:
        terms = zip(self._weights, self._terms, first, second, strict=True)
        return torch.stack([weight * term.between(a, b) for weight, term, a, b in terms]).sum(0)


class _SideBySide(nn.Module):
    def __init__(self, networks: list[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, pictures: Tensor) -> Features:
        return [network(pictures) for network in self.networks]


def mean_features(parts: Iterable[Features]) -> Features:
    """The mean over all rows of *parts*, which need not be equally many; each tensor ``[1, ...]``."""
    rows, total = 0, None
    for part in parts:
        rows += _rows(part)
        summed = _each(lambda t: t.sum(0, keepdim=True), part)
        total = summed if total is None else _each(torch.add, total, summed)
    assert total is not None
    return _each(lambda t: t / rows, total)


def picked(features: Features, rows: Tensor) -> Features:
    """The *rows* ``[k]`` of *features*, a picture each."""
    return _each(lambda t: t[rows], features)


def _each(function: Callable[..., Tensor], *features: Features) -> Features:
    first = zip(*features, strict=True)
    return [_each(function, *items) if isinstance(items[0], list) else function(*items) for items in first]


def _rows(features: Features) -> int:
    return _rows(features[0]) if isinstance(features[0], list) else len(features[0])
