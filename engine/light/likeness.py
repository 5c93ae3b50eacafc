"""How much a bright spot of a clipped picture looks like a sun: logistic regression on the sky around it.

A sun stands in a glow that falls off slowly and to all sides alike, and most of what is white in the picture is there.
A window or a lamp ends at an edge, an overcast sky is white all over, and the light of a sunset is wider than high.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .photometry import luminance

_SECTORS = 8
_MIDDLE, _GLOW, _FALL, _FAR = (0.0, 2.0), (4.0, 7.0), (10.0, 15.0), (18.0, 25.0)  # degrees from the spot
WHITE, _NEAR = 0.95, 20.0  # of a channel; degrees
_LOW = 12.0  # degrees: below that, a sun's sky is another
_FLOOR = 1e-3  # of luminance
_LEAST_SHARE = 1e-4  # of the sky

# Fitted by `python -m training.likeness`, on renders and photographs.
_WEIGHTS = (7.13, -5.68, -2.87, 1.39, -0.859, 4.23, -8.61, -4.61)
_BIAS = -1.12


@dataclass(frozen=True)
class SkyAround:
    """A sky's pixels as seen from a spot in it.

    picture: ``[3, n]``, clipped to 1. area: ``[n]``, their shares of the sky. angle, turn: ``[n]``, degrees from the
    spot, and around it. elevation: the spot's, in degrees.
    """

    picture: Tensor
    area: Tensor
    angle: Tensor
    turn: Tensor
    elevation: float

    @property
    def upright(self) -> Tensor:
        """Share of each pixel's light that falls on level ground, ``[n]``: the sine of its elevation."""
        spot, away = math.radians(self.elevation), self.angle.deg2rad()
        sine = away.cos() * math.sin(spot) + away.sin() * math.cos(spot) * self.turn.deg2rad().sin()
        return sine.clamp(min=0)


def sun_likeness(around: SkyAround, contrast: float) -> float:
    """The log odds that the spot is a sun: above 0, it is rather a sun than not. contrast: of its saturation to what
    is around it."""
    return (features(around, contrast) @ torch.tensor(_WEIGHTS)).item() + _BIAS


def features(around: SkyAround, contrast: float) -> Tensor:
    """What the regression sees, ``[8]``."""
    bright = luminance(around.picture)
    middle = mean_of(bright, around, _MIDDLE).clamp(min=_FLOOR)
    fall, far = (_by_sector(bright, around, ring) for ring in (_FALL, _FAR))
    white = around.area * (around.picture.amin(0) > WHITE)
    near = around.angle < _NEAR
    low = max(0.0, 1 - around.elevation / _LOW)
    warmth = min((tint(around.picture) * around.area).sum().item(), 0.0)
    return torch.stack(
        [
            mean_of(bright, around, _GLOW) / middle,
            fall.median() / middle,
            far.clamp(min=_FLOOR).log().std(correction=0),
            (white[near].sum() + _LEAST_SHARE).log(),
            (white[~near].sum() + _LEAST_SHARE).log(),
            *torch.tensor([low, low * contrast, low * warmth]),
        ]
    )


def tint(picture: Tensor) -> Tensor:
    """Log ratio of blue to red, ``[3, n]`` to ``[n]``."""
    return ((picture[2] + 0.01) / (picture[0] + 0.01)).log()


def mean_of(values: Tensor, around: SkyAround, ring: tuple[float, float]) -> Tensor:
    """Of *values* ``[n]``, in a *ring* around the spot, given in degrees."""
    inside = (around.angle >= ring[0]) & (around.angle < ring[1])
    return (values * around.area)[inside].sum() / around.area[inside].sum().clamp(min=1e-12)


def _by_sector(bright: Tensor, around: SkyAround, ring: tuple[float, float]) -> Tensor:
    """Mean luminance of a ring's sectors, as many as have sky in them."""
    inside = (around.angle >= ring[0]) & (around.angle < ring[1])
    sector = (around.turn[inside] / (360 / _SECTORS)).round().long() % _SECTORS
    area = around.area[inside]
    light, size = (torch.bincount(sector, weight, _SECTORS) for weight in (bright[inside] * area, area))
    return light[size > 0] / size[size > 0]
