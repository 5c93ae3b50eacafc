"""What is seen around a spot of a clipped picture, ring by ring and to each side, and small networks that read it."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from .likeness import WHITE, SkyAround
from .photometry import luminance

_RINGS = (3.0, 6.0, 10.0, 16.0, 25.0, 45.0)  # degrees from the spot to where each ends
_SECTORS = 8
_DARKEST = 0.01  # of what logarithms are taken of
_LOW = (2.0, 8.0)  # degrees: a low sun's sky changes fast as it sinks
_FILE = Path(__file__).with_name("networks.json")


@dataclass(frozen=True)
class Rings:
    """What is around a spot.

    sectors: ``[4, 6, 8]``, of each ring from the inside and each sector from the right by the zenith to the left: log
    of the mean red, green and blue, share of white. whole: ``[4, 6]``, of rings. height: ``[2]``, the lower the spot
    the more. brightness: log of the light that the sky gives level ground.
    """

    sectors: Tensor
    whole: Tensor
    height: Tensor
    brightness: Tensor


def rings_of(around: SkyAround) -> Rings:
    """Measured by angle on the sphere; where there is no sky it is black."""
    ring = torch.bucketize(around.angle, around.angle.new_tensor(_RINGS), right=True)
    sector = (around.turn / (360 / _SECTORS)).round().long() % _SECTORS
    cell, cells = ring * _SECTORS + sector, (len(_RINGS) + 1) * _SECTORS
    seen = torch.cat([around.picture, (around.picture.amin(0, keepdim=True) > WHITE).float()])
    light = torch.stack([torch.bincount(cell, one * around.area, cells) for one in seen])
    light, area = light.view(4, -1, _SECTORS)[:, :-1], torch.bincount(cell, around.area, cells).view(-1, _SECTORS)[:-1]
    level = luminance(around.picture) @ (around.area * around.upright)
    return Rings(
        _logs(light / area.clamp(min=1e-12)),
        _logs(light.sum(2) / area.sum(1).clamp(min=1e-12)),
        torch.tensor([math.exp(-around.elevation / low) for low in _LOW]),
        level.clamp(min=_DARKEST).log(),
    )


def _logs(means: Tensor) -> Tensor:
    return torch.cat([(means[:3] + _DARKEST).log(), means[3:]])


def mirrored(sectors: Tensor) -> Tensor:
    """*sectors* of a picture whose left and right are exchanged."""
    return sectors[..., [(_SECTORS // 2 - sector) % _SECTORS for sector in range(_SECTORS)]]


@dataclass(frozen=True)
class Network:
    """One hidden layer of tanh. inner: ``[hidden, 1 + inputs]``, outer: ``[outputs, 1 + hidden]``, biases first."""

    inner: Tensor
    outer: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``."""
        hidden = (self.inner[:, 0] + inputs @ self.inner[:, 1:].T).tanh()
        return self.outer[:, 0] + hidden @ self.outer[:, 1:].T


@cache
def network(name: str) -> Network:
    """The network called *name*, fitted by `python -m training.dimming`."""
    values = json.loads(_FILE.read_text(encoding="utf-8"))[name]
    return Network(torch.tensor(values["inner"]), torch.tensor(values["outer"]))
