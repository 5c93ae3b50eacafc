"""Wind waves of a sea: their slopes as a pixel sees them, and how steep those are that are finer than it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .noise import SOFT
from .scene import Scene, per_pixel

if TYPE_CHECKING:
    from .ground import Plane

# Lengths are in heights of the viewer's eye, as on the plane of the ground.
_COUNT, _LONGEST, _SHORTEST = 96, 9.0, 0.07
_SLOPE_POWER = 0.2  # of the wave number: in a light wind ripples are steeper than what is left of a swell
_TURNED = 0.58, 1.15  # radians to each side of the wind, of the longest and of the shortest
_BENT = 1.0, 3.0  # radians by which noise shifts them, so that no crest is a straight line
_GOLDEN = (5**0.5 - 1) / 2
_RIPPLES = 0.002  # variance of the slope, along each axis, of what is finer than any wave here
_BLUR = 0.45  # of a pixel: the deviation of what it sees
_FEEBLE = 0.02  # share of a wave of which nothing is seen


@dataclass(frozen=True)
class _Wave:
    """number, cosine, sine: radians per length, and their direction to the wind. slope, crest: amplitudes, so that of
    all waves both axes' slopes, and the crests, have unit variance. bent: radians."""

    number: float
    cosine: float
    sine: float
    slope: float
    crest: float
    bent: float


def _spectrum() -> list[_Wave]:
    shares = [(index + 0.5) / _COUNT for index in range(_COUNT)]
    numbers = [2 * math.pi / (_LONGEST * (_SHORTEST / _LONGEST) ** share) for share in shares]
    slope = (4 / sum(number ** (2 * _SLOPE_POWER) for number in numbers)) ** 0.5
    crest = (2 / sum(1 / number for number in numbers)) ** 0.5
    waves = []
    for index, (share, number) in enumerate(zip(shares, numbers, strict=True)):
        least, most = _TURNED
        turn = (least + (most - least) * share) * (2 * ((index * _GOLDEN) % 1) - 1)
        bent = _BENT[0] + (_BENT[1] - _BENT[0]) * share
        waves.append(
            _Wave(number, math.cos(turn), math.sin(turn), slope * number**_SLOPE_POWER, crest * number**-0.5, bent)
        )
    return waves


_WAVES = _spectrum()


@dataclass(frozen=True)
class Waves:
    """All [batch, rows, width]. x, y: slopes. crests: how near to one, of unit variance near by. unseen: variance of
    the slopes, along each axis, of the waves that are finer than a pixel."""

    x: Tensor
    y: Tensor
    crests: Tensor
    unseen: Tensor


def wind_waves(scene: Scene, plane: Plane, steepness: Tensor) -> Waves:
    """Waves of many lengths on *plane* that run with the wind, more or less, each octave about as steep as the others,
    as in the saturated range of wind waves (Phillips 1958).

    steepness: the deviation of their slopes along an axis, [batch]. One that runs towards the viewer is foreshortened,
    and finer than pixels sooner than one that runs across.
    """
    phases = scene.uniform("waves", _COUNT) * (2 * math.pi)
    reach = plane.horizontal * plane.distance
    forth, aside = plane.along / reach, plane.across / reach
    # What a pixel sees of the plane: towards the horizon, and around the viewer.
    deep, wide = (_BLUR * plane.pixel * plane.distance.square()).square(), (_BLUR * plane.pixel * reach).square()
    along, across, crests, seen = (torch.zeros_like(plane.along) for _ in range(4))
    for index, wave in enumerate(_WAVES):
        away = (wave.cosine * forth + wave.sine * aside).square()
        kept = torch.exp(-0.5 * wave.number**2 * (away * deep + (1 - away) * wide))
        if kept.max() < _FEEBLE:
            continue
        bent = math.cos(index) * plane.coarse[SOFT] + math.sin(index) * plane.middle[SOFT]
        ahead = wave.cosine * plane.along + wave.sine * plane.across
        angle = wave.number * ahead + per_pixel(phases[:, index]) + wave.bent * bent
        slope = wave.slope * kept * torch.cos(angle)
        along += wave.cosine * slope
        across += wave.sine * slope
        crests += wave.crest * kept * torch.sin(angle)
        seen += wave.slope**2 / 4 * kept.square()
    steep, (cosine, sine) = per_pixel(steepness), plane.turn
    x, y = steep * (cosine * along + sine * across), steep * (cosine * across - sine * along)
    return Waves(x, y, crests, _RIPPLES + steep.square() * (1 - seen).clamp(min=0))


def lean(steepness: Tensor, variance: Tensor) -> Tensor:
    """How much the slopes that a ray sees lean towards it on average, of a surface whose slopes have this *variance*
    along the ray: it sees more of those that face it, and none that turn away.

    steepness: of the ray, its fall over its length on the plane. The mean of a Gaussian slope, weighed by the area that
    it shows (Smith 1967, "Geometrical shadowing of a random rough surface").
    """
    deviation = variance.sqrt()
    ratio = steepness / deviation
    below = 0.5 * (1 + torch.erf(ratio / 2**0.5))
    density = torch.exp(-0.5 * ratio.square()) / (2 * math.pi) ** 0.5
    return variance * below / (steepness * below + deviation * density)
