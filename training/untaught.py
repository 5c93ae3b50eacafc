"""What the renderer can draw and sky-small was not taught: how random skies come by it, and how it is said.

For a model to come. Kept apart from :mod:`engine.sky.captions`, whose words are those that sky-small claims to know.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from engine.sky import Clouds, Ground, SkyParameters, Time
from engine.sky.captions import caption

THUNDERHEADS = (
    "cumulonimbus",
    "a thunderhead",
    "an anvil cloud",
    "a towering cumulonimbus with its anvil",
    "a distant supercell",
)
RAYS = ("god rays", "sunbeams", "crepuscular rays", "rays of light through the clouds", "sunbeams behind a cloud")
FOG = ("fog banks", "ground fog", "banks of fog", "low lying fog", "patches of fog")
SKYLINES = ("a city skyline", "skyscrapers", "a city on the horizon", "the skyline of a city", "tall buildings")
CITY_GLOWS = ("city glow", "the glow of a city", "light pollution", "city lights beyond the horizon")
COASTS = ("a coast", "a beach", "a sandy beach", "the seaside", "a shoreline", "the coast")
MOONS = {
    "new": ("new moon", "an earthlit moon"),
    "crescent": ("a crescent moon", "thin sickle moon", "a young moon"),
    "half": ("a half moon", "moon in its quarter"),
    "gibbous": ("a gibbous moon", "nearly round moon"),
    "full": (),  # what captions have always called a moon
}
_LAND = (Ground.GRASS, Ground.DESERT, Ground.FOREST, Ground.SNOW)
_OPEN = (Clouds.CLEAR, Clouds.FEW, Clouds.SCATTERED, Clouds.CIRRUS)
_SUNLIT = (Time.NOON, Time.MORNING, Time.GOLDEN)
_DARK = (Time.DUSK, Time.NIGHT, Time.MOON)


def moon_kind(phase: float) -> str:
    """The name of the moon at this share of the month since new moon, one of ``MOONS``."""
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
    if sky.time == Time.MOON and moon_kind(sky.moon_phase) != "full":
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
