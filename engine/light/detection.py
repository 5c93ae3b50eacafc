"""Where the sun or the moon stands in a panorama, or that none is to be seen.

The picture may be clipped (an ordinary model's) or soft (the bundled model's), so neither the disc's size nor its
brightness tells; what tells is how the sky around a spot looks: see likeness.py. Everything is measured by angle on the
sphere, so the seam and the zenith are places like any other.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from ..sphere.equirectangular import azimuth_elevation, degrees_from, directions, solid_angles
from ..sphere.gnomonic import frame
from .likeness import WHITE, SkyAround, sun_likeness, tint
from .photometry import luminance, rows_around

_HEIGHT = 128  # rows that are looked at
_LOWEST = -1.0  # degrees: a setting sun's glow reaches below the horizon
_CANDIDATES = 2500  # on the upper hemisphere, 2.9 degrees apart
_AT_ONCE = 250  # of them, because what is kept of all is large enough: 170 MB
_NEAR, _AROUND = 5.0, 30.0  # degrees: a spot and what it is compared with
_SATURATED_SHARE = 0.0005  # of the sky, as a spot of 1.8 degrees radius
_EXPOSED_SHARE = 0.01  # of the sky, which saturates in an HDR picture as a photographer would expose it
_DARKEST = 1e-3  # radiance that is exposed for
_PULL = (10.0, 8.0, 6.0, 5.0, 4.0, 4.0)  # degrees: reach of the mean shift, narrowing
_RINGS = (0.0, 2.0, 4.0, 7.0, 10.0, 15.0, 25.0, 40.0)  # degrees
_SUN_PEAK, _SUN_COLOUR = 0.75, 0.22  # luminance; mean size of the log ratio of blue to red, which overcast skies lack
# Of the sky, and square degrees near a spot: from there on a sun is told by its likeness, and else by these thresholds.
_CLIPPED, _WHITE_OF_SUN = 0.005, 20.0
_SUN_CONTRAST, _LOW_SUN_CONTRAST = 0.27, 0.17
_SMALL_FALL, _SMALL_SKY = 0.5, 0.12  # a small spot shows little contrast; in a bright sky it is no star
_WARM = -0.3  # mean log ratio of blue to red where a sun is low
# Thresholds found on renders of engine.sky through a camera that clips; `python benchmarks/light.py` counts the errors.
_NIGHT, _NIGHT_BLUE = 0.15, 0.4  # median luminance, mean log ratio of blue to red
# What is white near a spot at most, in square degrees and so many pixels more. An aurora or a city's glow is coloured
# and stars are as small as pixels; of a moon only the face is white, of a sun in a dark picture what is around it, too.
_WHITE_OF_STARS, _WHITE_OF_MOON = (2.1, 3.1), (40.0, 3.0)
_OTHER_SUN = 40.0  # degrees away at least
_OTHER_FALL = 0.45  # a cloud's glow does not fall below this share of its middle within 15 degrees


@dataclass(frozen=True)
class Spot:
    """A bright spot. towards: unit vector ``[3]``. extent: degrees until its luminance has halved. kind: what it is.

    rivals: how many other spots look like suns. seen: it is in the picture, and not merely asked for.
    """

    towards: Tensor
    extent: float
    kind: Literal["sun", "moon", "none"]
    rivals: int = 0
    seen: bool = True


@dataclass(frozen=True)
class _Sky:
    """The pixels above the horizon, flattened to ``[n]``, and directions spread over the hemisphere, the candidates.

    above: which pixels of the panorama. towards: ``[3, n]``. area: shares of the sky. candidates: ``[m, 3]``.
    contrast: ``[m, n]``, weights of near minus around. nearest: ``[m]``, the candidates' pixels.
    """

    above: Tensor
    towards: Tensor
    area: Tensor
    candidates: Tensor
    contrast: Tensor
    nearest: Tensor

    def away_from(self, towards: Tensor) -> Tensor:
        """Which pixels are too far from *towards* to be a part of its glow, ``[n]``."""
        return towards @ self.towards < math.cos(math.radians(_OTHER_SUN))


@lru_cache(maxsize=1)
def _sky() -> _Sky:
    every = directions(_HEIGHT)
    above = every[2] > math.sin(math.radians(_LOWEST))
    towards = every[:, above]
    area = solid_angles(_HEIGHT).expand(_HEIGHT, 2 * _HEIGHT)[above]
    k = torch.arange(_CANDIDATES) + 0.5
    up, turn = 1 - k / _CANDIDATES, math.pi * (1 + 5**0.5) * k  # Fibonacci hemisphere
    side = (1 - up.square()).sqrt()
    candidates = torch.stack([side * turn.cos(), side * turn.sin(), up], 1)
    contrast, nearest = torch.empty(_CANDIDATES, towards.shape[1]), []
    for some, weights in zip(candidates.split(_AT_ONCE), contrast.split(_AT_ONCE), strict=True):
        angle = (some @ towards).clamp_(-1, 1).acos_()
        nearest.append(angle.argmin(1))
        weights.copy_(_nearby(angle, _NEAR, area)).sub_(_nearby(angle, _AROUND, area))
    return _Sky(above, towards, area / area.sum(), candidates, contrast, torch.cat(nearest))


def _nearby(angle: Tensor, reach: float, area: Tensor) -> Tensor:
    """Weights that make 1 and fall off with *angle*, to 1/e at *reach* degrees."""
    weight = (angle / -math.radians(reach)).exp_().mul_(area)
    return weight.div_(weight.sum(1, keepdim=True))


def find_spot(radiance: Tensor, elevations: tuple[float, float] = (0.0, 90.0)) -> Spot:
    """The most sun-like spot of the panorama ``[3, H, 2 H]`` among *elevations* (degrees), whatever its kind.

    Three suns or more are lamps or windows: then there is none.
    """
    sky = _sky()
    picture = _above_horizon(sky, radiance)
    height = sky.towards[2].asin().rad2deg()
    allowed = (height >= elevations[0] + _LOWEST) & (height <= elevations[1])
    spot, looks = _strongest(sky, picture, allowed)
    kind = _kind(sky, radiance, picture, spot.towards, looks)
    rivals = 0
    while kind == "sun" and looks.falls and rivals < 2:
        allowed &= sky.away_from(spot.towards)
        rival, other = _strongest(sky, picture, allowed)
        alike = other.falls and other.peak > 0.9 * looks.peak
        if not (alike and _kind(sky, radiance, picture, rival.towards, other) == "sun"):
            break
        rivals += 1
        allowed &= sky.away_from(rival.towards)
    return Spot(spot.towards, spot.extent, "none" if rivals > 1 else kind, rivals)


def most_striking(radiance: Tensor) -> tuple[Tensor, float]:
    """The direction ``[3]`` of the spot of the panorama ``[3, H, 2 H]`` that stands out most, and its contrast."""
    sky = _sky()
    spot, looks = _strongest(sky, _above_horizon(sky, radiance), torch.ones_like(sky.area, dtype=torch.bool))
    return spot.towards, looks.contrast


def look_around(radiance: Tensor, towards: Tensor) -> SkyAround:
    """The sky of the panorama ``[3, H, 2 H]`` as seen from *towards* ``[3]``."""
    sky = _sky()
    return _around(sky, _above_horizon(sky, radiance), towards)


def _above_horizon(sky: _Sky, radiance: Tensor) -> Tensor:
    return adaptive_avg_pool2d(radiance.float().cpu(), (_HEIGHT, 2 * _HEIGHT))[:, sky.above]


@dataclass(frozen=True)
class _Looks:
    """peak: luminance of the middle; a display's white is 1. contrast: of its saturation to what is around it.

    profile: luminance of the rings around it over the middle's.
    """

    peak: float
    contrast: float
    profile: list[float]

    @property
    def falls(self) -> bool:
        return self.profile[4] < _OTHER_FALL


def _strongest(sky: _Sky, picture: Tensor, allowed: Tensor) -> tuple[Spot, _Looks]:
    """The spot that stands out most in the *picture* ``[3, n]`` among the *allowed* pixels ``[n]``."""
    bright = luminance(picture)
    whitest = (bright + picture.amin(0)) / 2  # the sun saturates every channel; a low sun's horizon is short of blue
    level = _quantile(whitest[allowed], sky.area[allowed], 1 - _SATURATED_SHARE).clamp(min=1e-6)
    saturation = (whitest / level).clamp(max=1)
    contrast = (sky.contrast @ saturation.square()).where(allowed[sky.nearest], saturation.new_tensor(-1))
    towards = sky.candidates[contrast.argmax()]
    weight = saturation.pow(32).clamp(min=1e-12) * allowed * sky.area
    for reach in _PULL:
        pull = torch.exp(-(degrees_from(towards, sky.towards) / reach).square()) * weight
        towards = normalize(sky.towards @ pull, dim=0)
    ring = torch.bucketize(degrees_from(towards, sky.towards), bright.new_tensor(_RINGS[1:]), right=True)
    rings = [ring == index for index in range(len(_RINGS) - 1)]
    means = [((bright * sky.area)[r].sum() / sky.area[r].sum().clamp(min=1e-12)).item() for r in rings]
    middle = max(means[0], 1e-6)
    profile = [mean / middle for mean in means]
    half = next((index for index, share in enumerate(profile) if share < 0.5), len(profile) - 1)
    return Spot(towards, _RINGS[half], "none"), _Looks(middle, contrast.max().item(), profile)


def _kind(
    sky: _Sky, radiance: Tensor, picture: Tensor, towards: Tensor, looks: _Looks
) -> Literal["sun", "moon", "none"]:
    """What the spot of the panorama *radiance* is; *picture* ``[3, n]`` is what that shows above the horizon."""
    bluer = tint(picture)
    colour, blue = ((value * sky.area).sum().item() for value in (bluer.abs(), bluer))
    median = _quantile(luminance(picture), sky.area, 0.5).item()
    dark = median < _NIGHT and blue > _NIGHT_BLUE
    pixel = (180 / radiance.shape[1]) ** 2
    stars, moon = (area + pixels * pixel for area, pixels in (_WHITE_OF_STARS, _WHITE_OF_MOON))
    white = _white_area(radiance, towards)
    clipped = white > (moon if dark else _WHITE_OF_SUN) or bool(sky.area[picture.amax(0) > WHITE].sum() > _CLIPPED)
    if dark and not clipped and looks.contrast < _SUN_CONTRAST:
        return "moon" if white > stars else "none"
    if looks.peak <= _SUN_PEAK or colour <= _SUN_COLOUR:
        return "none"
    if clipped:
        return "sun" if sun_likeness(_around(sky, picture, towards), looks.contrast) > 0 else "none"
    small = looks.profile[4] < _SMALL_FALL and median > _SMALL_SKY
    stands_out = small or looks.contrast > (_LOW_SUN_CONTRAST if blue < _WARM else _SUN_CONTRAST)
    return "sun" if stands_out else "none"


def _white_area(radiance: Tensor, towards: Tensor) -> float:
    """Square degrees near *towards* ``[3]`` that are white in every channel of the panorama *radiance*."""
    height, device = radiance.shape[1], radiance.device
    rows = rows_around(towards, _NEAR, height)
    cosine = torch.tensordot(towards.to(device), directions(height, device, rows), dims=1)
    white = (radiance[:, rows].amin(0) > WHITE) & (cosine > math.cos(math.radians(_NEAR)))
    return (white * solid_angles(height, device)[rows]).sum().item() * (180 / math.pi) ** 2


def _around(sky: _Sky, picture: Tensor, towards: Tensor) -> SkyAround:
    """The *picture* ``[3, n]``, exposed as a photograph, as seen from *towards* ``[3]``: HDR is made darker, what was
    exposed too dark brighter."""
    brightest = picture.amax(0).clamp(min=_DARKEST)
    least, most = (_quantile(brightest, sky.area, 1 - share).item() for share in (_EXPOSED_SHARE, _CLIPPED))
    white = min(max(1.0, least), most)
    azimuth, elevation = azimuth_elevation(towards)
    right, up, _ = frame(azimuth, elevation, like=towards)
    return SkyAround(
        picture=(picture / white).clamp(max=1),
        area=sky.area,
        angle=degrees_from(towards, sky.towards),
        turn=torch.rad2deg(torch.atan2(up @ sky.towards, right @ sky.towards)),
        elevation=elevation,
    )


def _quantile(values: Tensor, weights: Tensor, share: float) -> Tensor:
    order = values.argsort()
    place = int((weights[order].cumsum(0) < share * weights.sum()).sum())
    return values[order[min(place, len(values) - 1)]]
