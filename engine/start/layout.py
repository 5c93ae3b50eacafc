"""A layout drawn by the procedural renderer: the sky to begin with, and the truth about its sun."""

from functools import lru_cache

from torch import Tensor

from ..job_parts import Layout
from ..sky import Clouds, Glow, Ground, SkyParameters, SkyRenderer, Time
from ..sky.parameters import ELEVATIONS

_CLEAR_AIR, _HAZY_AIR, _LOW_SUN_AIR = 0.9, 4.2, 1.6  # aerosol, as the renderer's own random skies have it


def draw(layout: Layout, height: int) -> Tensor:
    """Radiance ``[3, height, 2 * height]``; *height* is even."""
    return _renderer().render([sky_parameters(layout)], height)[0]


def sky_parameters(layout: Layout) -> SkyParameters:
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
        milky_way=stars and not (layout.aurora or lights) and layout.clouds in ("clear", "few", "cirrus"),
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
