"""The layout that a prompt's words make: what it says, and the rest as a seed has it."""

import random
from collections.abc import Sequence, Set
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from ..job import Job
from ..job_parts import HorizonKind, Layout, Region
from ..sky import Clouds, Glow, Ground, Time
from ..sky.parameters import ELEVATIONS, MoonPhase, Thing
from ..sky.said import Said, kinds_said
from .regions import middle

# What a sky has of which the prompt says nothing.
_CLOUDS = (Clouds.FEW, Clouds.SCATTERED, Clouds.CIRRUS)
_GROUNDS = (Ground.SEA, Ground.DESERT, Ground.GRASS, Ground.FOREST, Ground.LAKE)
_BEFORE_RAYS = (Clouds.FEW, Clouds.SCATTERED)  # none fall past cirrus
_BEFORE_MILKY_WAY = (Clouds.CLEAR, Clouds.FEW)
_SHOW_IT = (*_BEFORE_MILKY_WAY, Clouds.CIRRUS)  # where nobody asked for it
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
    time = said.time or _wanted(tuple(ELEVATIONS), unwanted)[0]
    azimuth, elevation = rng.uniform(0, 360), _elevation(time, unwanted, rng)
    clouds = _clouds(said, time, unwanted, rng)
    horizon: HorizonKind = next((kind for thing, kind in _HORIZONS.items() if thing in said.things), "flat")
    ground = _ground(said, horizon, unwanted, rng)
    turned = [round(rng.uniform(0, 360), 2) for _ in range(3)]
    return Layout(
        light="moon" if time is Time.MOON else "stars" if time is Time.NIGHT else "sun",
        azimuth=round(azimuth, 2),
        elevation=round(elevation, 2),
        moon_phase=_PHASES[said.moon or MoonPhase.FULL],
        clouds="cumulonimbus" if Thing.THUNDERHEAD in said.things else clouds.value,
        cloud_azimuth=turned[0],
        ground="coast" if Thing.COAST in said.things else ground.value,
        sea_azimuth=turned[1],
        horizon=horizon,
        city_azimuth=turned[2],
        city_glow=Thing.CITY_GLOW in said.things,
        haze=Thing.HAZE in said.things,
        mist=Thing.HAZE in said.things or unwanted.isdisjoint((Thing.HAZE, Thing.FOG)),
        fog=Thing.FOG in said.things,
        rays=Thing.RAYS in said.things,
        milky_way=Thing.MILKY_WAY in said.things or (Thing.MILKY_WAY not in unwanted and clouds in _SHOW_IT),
        aurora=Thing.AURORA in said.things,
        glow=(said.glow or _wanted(tuple(Glow), unwanted)[0]).value,
        seed=seed % 2**31,
    )


def _elevation(time: Time, unwanted: Set[StrEnum], rng: random.Random) -> float:
    elevation = rng.uniform(*ELEVATIONS[time])
    if time is Time.SUNSET and Thing.SUN in unwanted:
        return min(-elevation, _JUST_SET)
    return max(elevation, 0.0) if time is Time.NIGHT else elevation


def _clouds(said: Said, time: Time, unwanted: Set[StrEnum], rng: random.Random) -> Clouds:
    some = _BEFORE_RAYS if Thing.RAYS in said.things else _CLOUDS
    some = _BEFORE_MILKY_WAY if Thing.MILKY_WAY in said.things else some
    clouds = rng.choice(_wanted(some, unwanted))
    hidden = Time.NIGHT if time in _NIGHTS else Thing.SUN  # "stars" are read as a night
    if hidden in unwanted and time is not Time.SUNSET:
        clouds = _wanted((Clouds.OVERCAST, clouds), unwanted)[0]
    if Clouds.SCATTERED in unwanted:  # as "clouds" is read
        clouds = Clouds.CLEAR
    return said.clouds or clouds


def _ground(said: Said, horizon: HorizonKind, unwanted: Set[StrEnum], rng: random.Random) -> Ground:
    unwanted = {*unwanted, Ground.LAKE} if Ground.SEA in unwanted else unwanted  # "water" is read as a sea
    ground = rng.choice(_wanted(_GROUNDS, unwanted))
    if ground is Ground.FOREST and horizon != "flat":
        ground = Ground.GRASS  # trees that nobody asked for would hide what somebody did
    return said.ground or ground


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
