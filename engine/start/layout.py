"""A layout drawn by the procedural renderer: the sky to begin with, and the truth about its sun."""

import random
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor

from ..job import Job
from ..job_parts import HorizonKind, Layout, Region
from ..sky import Clouds, Glow, Ground, SkyParameters, SkyRenderer, Time
from ..sky.parameters import ELEVATIONS, MoonPhase, Thing
from ..sky.said import Said, kinds_said
from .regions import middle

_CLEAR_AIR, _HAZY_AIR, _LOW_SUN_AIR = 0.9, 4.2, 1.6  # aerosol, as the renderer's own random skies have it
_AT_ONCE, _BAND = 512, 32  # rows of a picture that is drawn as a whole, and of a larger one at a time
# What a sky has of which the prompt says nothing.
_CLOUDS = (Clouds.FEW, Clouds.SCATTERED, Clouds.CIRRUS)
_GROUNDS = (Ground.SEA, Ground.DESERT, Ground.GRASS, Ground.FOREST, Ground.LAKE)
_NIGHTS = (Time.NIGHT, Time.MOON)
_JUST_SET = -1.0  # degrees: no more of the disc is above the horizon
_HORIZONS: dict[Thing, HorizonKind] = {Thing.SKYLINE: "city", Thing.MOUNTAINS: "mountains", Thing.HILLS: "hills"}
_PHASES = {  # shares of the month since new moon
    MoonPhase.NEW: 0.0,
    MoonPhase.CRESCENT: 0.12,
    MoonPhase.HALF: 0.25,
    MoonPhase.GIBBOUS: 0.38,
    MoonPhase.FULL: 0.5,
}
Kind = TypeVar("Kind", bound=StrEnum)


def layout_of(prompt: str, seed: int, negative: str = "") -> Layout | None:
    """A sky with what *prompt* says; the rest, and what stands where, is drawn by *seed*, but for what *negative*
    names. None if it says neither hour nor clouds.

    Without an hour it is noon, as in the captions that the bundled model was taught with. A sun or stars that
    *negative* names are hidden by clouds, if the prompt says nothing of these; the sun of a sunset has just set.
    """
    said, unwanted, rng = Said.by(prompt), set(kinds_said(negative)), random.Random(seed)
    if said.time is None and said.clouds is None and Thing.THUNDERHEAD not in said.things:
        return None
    if Ground.SEA in unwanted:  # as "water" is read
        unwanted.add(Ground.LAKE)
    time = said.time or _wanted(tuple(ELEVATIONS), unwanted)[0]
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*ELEVATIONS[time])
    some = _CLOUDS[:2] if Thing.RAYS in said.things else _CLOUDS  # no rays fall past cirrus
    clouds, ground = rng.choice(_wanted(some, unwanted)), rng.choice(_wanted(_GROUNDS, unwanted))
    if time is Time.SUNSET and Thing.SUN in unwanted:
        elevation = min(-elevation, _JUST_SET)
    elif (Time.NIGHT if time in _NIGHTS else Thing.SUN) in unwanted:  # "stars" are read as a night
        clouds = _wanted((Clouds.OVERCAST, clouds), unwanted)[0]
    if Clouds.SCATTERED in unwanted:  # as "clouds" is read
        clouds = Clouds.CLEAR
    clouds = said.clouds or clouds
    horizon: HorizonKind = next((kind for thing, kind in _HORIZONS.items() if thing in said.things), "flat")
    if ground is Ground.FOREST and horizon != "flat":
        ground = Ground.GRASS  # trees that nobody asked for would hide what somebody did
    turned = [round(rng.uniform(0, 360), 2) for _ in range(3)]
    return Layout(
        light="moon" if time is Time.MOON else "stars" if time is Time.NIGHT else "sun",
        azimuth=round(azimuth, 2),
        elevation=round(max(elevation, 0.0) if time is Time.NIGHT else elevation, 2),
        moon_phase=_PHASES[said.moon or MoonPhase.FULL],
        clouds="cumulonimbus" if Thing.THUNDERHEAD in said.things else clouds.value,
        cloud_azimuth=turned[0],
        ground="coast" if Thing.COAST in said.things else (said.ground or ground).value,
        sea_azimuth=turned[1],
        horizon=horizon,
        city_azimuth=turned[2],
        city_glow=Thing.CITY_GLOW in said.things,
        haze=Thing.HAZE in said.things,
        mist=Thing.HAZE in said.things or unwanted.isdisjoint((Thing.HAZE, Thing.FOG)),
        fog=Thing.FOG in said.things,
        rays=Thing.RAYS in said.things,
        milky_way=Thing.MILKY_WAY not in unwanted,
        aurora=Thing.AURORA in said.things,
        glow=(said.glow or _wanted(tuple(Glow), unwanted)[0]).value,
        seed=seed % 2**31,
    )


def _wanted(kinds: Sequence[Kind], unwanted: Set[StrEnum]) -> Sequence[Kind]:
    """Of *kinds* those that are not *unwanted*; all if none is left."""
    return [kind for kind in kinds if kind not in unwanted] or kinds


def beginning(job: Job) -> Layout | None:
    """The layout that a completed *job* begins with. If it is drawn from the prompt and a region has the same prompt,
    sun or moon are that region's: there is one sky, whose light shall be seen there."""
    if job.layout == "prompt":
        assert job.seed is not None
        alike = next((region for region in job.regions if region.prompt == job.prompt), None)
        if alike:
            return region_layout(alike, job.seed, job.negative)
        return layout_of(job.prompt, job.seed, job.negative)
    return job.layout if isinstance(job.layout, Layout) else None


def region_layout(region: Region, seed: int, negative: str) -> Layout | None:
    """As :func:`layout_of` its prompt, with sun or moon in the region's middle."""
    layout = layout_of(region.prompt, seed, negative)
    return layout and replace(layout, azimuth=round(middle(region, layout.elevation), 2))


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
        milky_way=stars
        and layout.milky_way
        and not (layout.aurora or lights)
        and layout.clouds in ("clear", "few", "cirrus"),
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
