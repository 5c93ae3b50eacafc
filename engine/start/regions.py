"""Which prompt is for which part of the canvas."""

from math import cos, radians

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ..errors import BadRequest
from ..job_parts import Region
from ..sphere.equirectangular import direction, directions, solid_angles
from .reading import read_mask

_CLOSE, _AROUND = 4.0, 30.0  # degrees within which a sun is seen, and within which there is room for its glow
_ROWS = 64  # of the mask on which places are compared


def shares(regions: tuple[Region, ...], width: int, canvas: tuple[int, int]) -> Tensor:
    """``[1 + regions, 1, h, W]`` on a *canvas* of latent rows and columns, summing to 1: first what is left for the
    prompt of everywhere. Regions that overlap share. Raises :class:`BadRequest` for one that is nowhere.
    """
    weights = []
    for number, region in enumerate(regions, 1):
        mask = read_mask(region.mask, width) if region.mask is not None else region_mask(region, width // 2)
        weights.append(adaptive_avg_pool2d(mask, canvas))
        if weights[-1].max() < 0.01:
            raise BadRequest(f"regions {number} is too small to be seen at a width of {width}.", "Make it larger.")
    stacked = torch.stack(weights)
    total = stacked.sum(0, keepdim=True)
    stacked = stacked / total.clamp(min=1)
    return torch.cat([1 - stacked.sum(0, keepdim=True), stacked]).clamp(0, 1)


def region_mask(region: Region, height: int) -> Tensor:
    """How much of each pixel ``[1, height, 2 * height]`` is the region's: 1 inside, a half at its edge."""
    x, y, z = directions(height)
    azimuth, elevation = torch.rad2deg(torch.atan2(x, y)), torch.rad2deg(torch.asin(z.clamp(-1, 1)))
    aside = ((azimuth - region.azimuth + 180) % 360 - 180).abs()
    soft = max(region.softness, 180 / height)

    def within(distance: Tensor) -> Tensor:
        """*distance*: degrees inside the edge."""
        return (distance / soft + 0.5).clamp(0, 1)

    mask = torch.ones_like(aside)
    if region.width < 360:
        mask = within(region.width / 2 - aside)
    if region.lowest > -90:
        mask = mask * within(elevation - region.lowest)
    if region.highest < 90:
        mask = mask * within(region.highest - elevation)
    return mask[None]


def middle(region: Region, elevation: float) -> float:
    """Azimuth of the *region*'s middle, for a sun of that *elevation*. Of a mask, which may lie all around and
    have gaps where things stand, that is where the sun is seen and most of what is around it, too."""
    if region.mask is None:
        return region.azimuth
    mask = read_mask(region.mask, 2 * _ROWS)[0]
    towards, weight = directions(_ROWS), mask * solid_angles(_ROWS)[0]

    def seen(azimuth: float) -> float:
        apart = 1 - torch.tensordot(direction(azimuth, elevation), towards, dims=1)
        close, around = (float((weight * torch.exp(-apart / (1 - cos(radians(a))))).sum()) for a in (_CLOSE, _AROUND))
        return (close + 1e-6) * around

    return max(((column + 0.5) / _ROWS * 180 - 90 for column in range(2 * _ROWS)), key=seen)
