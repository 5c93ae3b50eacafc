"""Where a layout shows what the bundled model was not taught: there it stays as it is drawn.

The model was taught with what :func:`~engine.sky.parameters.sample_parameters` draws. Of the rest it makes the nearest
that it knows: of a beach a meadow, of a city's glow a night.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..job_parts import Layout
from ..sphere.equirectangular import degrees_from, direction, directions

# Degrees over which a thing passes into the sky around, and how high its middle is.
_TOWER, _TOWER_HEIGHT = 35.0, 15.0
_BEAMS = 40.0
_CITY_WIDTH, _CITY_HEIGHT = 70.0, 25.0
_BANKS, _MIST = 10.0, 20.0


def untaught(layout: Layout, height: int) -> Tensor:
    """How much ``[1, height, 2 * height]`` of each pixel is of such things, in [0, 1]."""
    return torch.stack([torch.zeros(height, 2 * height), *_things(layout, directions(height))]).amax(0)[None]


def _things(layout: Layout, towards: Tensor) -> Iterator[Tensor]:
    rise = towards[2].asin().rad2deg()
    sky = (rise > 0).float()
    if layout.ground == "coast":
        yield 1 - sky
    if layout.clouds == "cumulonimbus":
        yield sky * _around(towards, layout.cloud_azimuth, _TOWER_HEIGHT, _TOWER)
    if layout.rays and layout.light == "sun":
        yield sky * _around(towards, layout.azimuth, layout.elevation, _BEAMS)
    if not layout.mist:  # every morning that was taught had some
        yield torch.exp(-((rise / _MIST) ** 2))
    if layout.fog:
        yield torch.exp(-((rise / _BANKS) ** 2))
    if layout.horizon == "city" or layout.city_glow:
        level = normalize(towards * torch.tensor([1.0, 1.0, 0.0])[:, None, None], dim=0)
        yield sky * _around(level, layout.city_azimuth, 0.0, _CITY_WIDTH) * torch.exp(-((rise / _CITY_HEIGHT) ** 2))


def _around(towards: Tensor, azimuth: float, elevation: float, width: float) -> Tensor:
    return torch.exp(-((degrees_from(direction(azimuth, elevation), towards) / width) ** 4))
