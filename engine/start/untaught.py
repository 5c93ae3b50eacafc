"""Where a layout shows what the bundled model was not taught: there it stays as it is drawn.

The model was taught with what :func:`~engine.sky.parameters.sample_parameters` draws. Of the rest it makes the nearest
that it knows: of a beach a meadow, of a city's glow a night.
"""

import math

import torch
from torch import Tensor

from ..job_parts import Layout
from ..sphere.equirectangular import direction, directions

# Degrees over which a thing passes into the sky around, and how high its middle is.
_TOWER, _TOWER_HEIGHT = 35.0, 15.0
_BEAMS = 40.0
_CITY_WIDTH, _CITY_HEIGHT = 70.0, 25.0
_BANKS = 10.0


def untaught(layout: Layout, height: int) -> Tensor:
    """How much ``[1, height, 2 * height]`` of each pixel is of such things, in [0, 1]."""
    towards = directions(height)
    rise = torch.rad2deg(torch.asin(towards[2].clamp(-1, 1)))
    found = (rise < 0).float() * (layout.ground == "coast")
    if layout.clouds == "cumulonimbus":
        found = torch.maximum(found, _around(towards, layout.cloud_azimuth, _TOWER_HEIGHT, _TOWER) * (rise > 0))
    if layout.rays and layout.light == "sun":
        found = torch.maximum(found, _around(towards, layout.azimuth, layout.elevation, _BEAMS) * (rise > 0))
    if layout.fog:
        found = torch.maximum(found, torch.exp(-((rise / _BANKS) ** 2)))
    if layout.horizon == "city" or layout.city_glow:
        aside = _degrees_between(towards * towards.new_tensor([1, 1, 0])[:, None, None], layout.city_azimuth, 0.0)
        city = torch.exp(-((aside / _CITY_WIDTH) ** 4) - (rise / _CITY_HEIGHT) ** 2) * (rise > 0)
        found = torch.maximum(found, city)
    return found[None]


def _around(towards: Tensor, azimuth: float, elevation: float, width: float) -> Tensor:
    return torch.exp(-((_degrees_between(towards, azimuth, elevation) / width) ** 4))


def _degrees_between(towards: Tensor, azimuth: float, elevation: float) -> Tensor:
    unit = torch.nn.functional.normalize(towards, dim=0)
    cosine = torch.einsum("c,chw->hw", direction(azimuth, elevation), unit)
    return torch.acos(cosine.clamp(-1, 1)) * (180 / math.pi)
