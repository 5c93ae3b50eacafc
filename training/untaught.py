"""What the renderer can draw and sky-small was not taught: how random skies come by it, and how it is said.

For a model to come. Kept apart from :mod:`engine.sky.captions`, whose words are those that sky-small was taught with.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from engine.sky import Clouds, Ground, SkyParameters, Time
from engine.sky.captions import caption
from engine.sky.parameters import MoonPhase
from engine.sky.phrases import CITY_GLOWS, COASTS, FOG, MOONS, RAYS, SKYLINES, THUNDERHEADS

_LAND = (Ground.GRASS, Ground.DESERT, Ground.FOREST, Ground.SNOW)
_OPEN = (Clouds.CLEAR, Clouds.FEW, Clouds.SCATTERED, Clouds.CIRRUS)
_SUNLIT = (Time.NOON, Time.MORNING, Time.GOLDEN)
_DARK = (Time.DUSK, Time.NIGHT, Time.MOON)


def moon_kind(phase: float) -> MoonPhase:
    """Of the moon at this share of the month since new moon."""
    from_new = min(phase, 1 - phase)
    return next(name for limit, name in zip((0.03, 0.2, 0.3, 0.47, 0.5), MOONS, strict=True) if from_new <= limit)


def add_features(sky: SkyParameters, rng: random.Random) -> SkyParameters:
    """*sky* with what suits it, each by chance, so that most have one or two and some none."""
    turned = rng.uniform(0.0, 360.0)
    thunderhead = sky.clouds in _OPEN and rng.random() < 0.25
    rays = not thunderhead and sky.time in _SUNLIT and sky.clouds in (*_OPEN, Clouds.BROKEN) and rng.random() < 0.3
    city = rng.random() < (0.4 if sky.time in _DARK else 0.2)
    coast = sky.ground in _LAND and rng.random() < 0.25
    inland = turned + 180 + rng.uniform(-60.0, 60.0) if coast else rng.uniform(0.0, 360.0)
    return replace(
        sky,
        thunderhead=rng.uniform(0.0, 360.0) if thunderhead else None,
        rays=rays,
        fog=rng.random() < 0.2,
        city=inland % 360 if city else None,
        skyline=city and (sky.time not in _DARK or rng.random() < 0.7),
        sea=turned if coast else None,
        moon_phase=rng.random() if sky.time == Time.MOON and rng.random() < 0.7 else 0.5,
    )


def featured_caption(sky: SkyParameters, rng: random.Random) -> str:
    """As :func:`engine.sky.captions.caption`, with the features of *sky* before or behind what that says."""
    text = caption(sky, rng)
    if sky.time == Time.MOON and moon_kind(sky.moon_phase) != MoonPhase.FULL:
        text = text.replace("full moon", "moon")
    phrases = [rng.choice(words) for words in said(sky) if words]
    return ", ".join([*phrases, text] if rng.random() < 0.5 else [text, *phrases])


def said(sky: SkyParameters) -> Iterator[tuple[str, ...]]:
    """Synonyms for each of the features of *sky*."""
    if sky.thunderhead is not None:
        yield THUNDERHEADS
    if sky.rays:
        yield RAYS
    if sky.fog:
        yield FOG
    if sky.city is not None:
        yield SKYLINES if sky.skyline else CITY_GLOWS
    if sky.sea is not None:
        yield COASTS
    if sky.time == Time.MOON:
        yield MOONS[moon_kind(sky.moon_phase)]


def feature_vocabulary() -> list[str]:
    """Every phrase for a feature."""
    tables = (THUNDERHEADS, RAYS, FOG, SKYLINES, CITY_GLOWS, COASTS, *MOONS.values())
    return [phrase for words in tables for phrase in words]
