"""A layout drawn by the procedural renderer: the sky to begin with, and the truth about its sun."""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ..job_parts import Layout
from ..sky import Clouds, Glow, Ground, SkyParameters, SkyRenderer, Time
from ..sky.parameters import ELEVATIONS

_CLEAR_AIR, _HAZY_AIR, _LOW_SUN_AIR = 0.9, 4.2, 1.6  # aerosol, as the renderer's own random skies have it
_AT_ONCE, _BAND = 512, 32  # rows of a picture that is drawn as a whole, and of a larger one at a time


def draw(layout: Layout, height: int) -> Tensor:
    """Radiance ``[3, height, 2 * height]``; *height* is even."""
    return _renderer().render([sky_parameters(layout)], height)[0]


def draw_in_bands(layout: Layout, height: int) -> Tensor:
    """As :func:`draw`, but that a large picture takes little memory beside its own; see :meth:`SkyRenderer.rows`."""
    if height <= _AT_ONCE:
        return draw(layout, height)
    rows, picture = drawn_rows(layout, _AT_ONCE), torch.empty(3, height, 2 * height)
    for half in (0, height // 2):
        for first in range(half, half + height // 2, _BAND):
            band = range(first, min(first + _BAND, half + height // 2))
            picture[:, band.start : band.stop] = rows(height, band)
    return picture


def drawn_rows(layout: Layout, seen: int) -> Callable[[int, range], Tensor]:
    """What draws some rows of *layout* alone; see :meth:`SkyRenderer.rows`."""
    return _renderer().rows(sky_parameters(layout), seen)


def standing(layout: Layout, height: int) -> Tensor:
    """Opacity ``[1, height, 2 * height]`` of what stands on its horizon; see :meth:`SkyRenderer.standing`."""
    return _renderer().standing(sky_parameters(layout), height)


def draw_with_cumulus(layout: Layout, kind: Clouds, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What :func:`draw` draws, and clouds that fill one area; see :meth:`SkyRenderer.cumulus_within`."""
    return _renderer().cumulus_within(sky_parameters(layout), kind, inside)


def sky_parameters(layout: Layout) -> SkyParameters:
    """What the renderer calls the sky of *layout*."""
    storm, coast, city = layout.clouds == "cumulonimbus", layout.ground == "coast", layout.horizon == "city"
    lights, stars = city or layout.city_glow, layout.light == "stars"
    return SkyParameters(
        time=_time(layout),
        clouds=Clouds.FEW if storm else Clouds(layout.clouds),
        ground=Ground.GRASS if coast else Ground(layout.ground),
        sun_elevation=layout.elevation if not stars else ELEVATIONS[Time.NIGHT][0],
        sun_azimuth=layout.azimuth,
        mountains=layout.horizon == "mountains",
        hills=layout.horizon == "hills",
        haze=layout.haze,
        mist=layout.mist,
        milky_way=stars and layout.milky_way and not (layout.aurora or lights),
        aurora=stars and layout.aurora,
        glow=Glow(layout.glow),
        aerosol=_HAZY_AIR if layout.haze else _LOW_SUN_AIR if layout.elevation < 12 else _CLEAR_AIR,
        cover=layout.cover,
        seed=layout.seed,
        thunderhead=layout.cloud_azimuth if storm else None,
        rays=layout.rays,
        fog=layout.fog,
        city=layout.city_azimuth if lights else None,
        skyline=city,
        sea=layout.sea_azimuth if coast else None,
        moon_phase=layout.moon_phase,
    )


def _time(layout: Layout) -> Time:
    """The hour at which the sun is as high, the later one between two; a sun above a morning's is a noon's."""
    if layout.light != "sun":
        return Time.MOON if layout.light == "moon" else Time.NIGHT
    if layout.elevation < ELEVATIONS[Time.SUNSET][0]:
        return Time.DUSK
    hours = (Time.SUNSET, Time.GOLDEN, Time.MORNING)
    return next((hour for hour in hours if layout.elevation <= ELEVATIONS[hour][1]), Time.NOON)


@lru_cache(maxsize=1)
def _renderer() -> SkyRenderer:
    """Making its tables takes a second, so there is one."""
    return SkyRenderer(seed=0)
