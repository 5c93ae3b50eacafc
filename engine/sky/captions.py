"""Captions for skies: a grammar with synonyms, in the words people type."""

import random

from .parameters import Clouds, Glow, SkyParameters, Time
from .phrases import AURORA, CLOUDS, FILLERS, GLOWS, GROUNDS, HAZE, HILLS, MILKY_WAY, MOUNTAINS, TIMES

_OPENINGS = ("a ", "view of ", "panorama of ", "a photo of ")
_FORMED = 0.25  # share of words that come in a longer form
# What people say around words for the time. Without it "hour" means gold or blue and never a morning's.
_TIME_NOUNS: dict[Time, tuple[str, ...]] = {
    Time.NOON: ("noon", "midday", "high noon"),
    Time.MORNING: ("morning", "afternoon", "mid-morning"),
    Time.GOLDEN: ("evening", "warm evening", "low evening sun"),
    Time.SUNSET: ("sunset", "sunrise", "dawn", "sundown"),
    Time.DUSK: ("dusk", "twilight", "nightfall"),
    Time.NIGHT: ("night", "midnight", "starry night"),
    Time.MOON: ("moonlit night", "full moon", "moonlight"),
}
_TIME_FORMS = (
    "{} light",
    "{} time",
    "a {} hour",
    "{} sky",
    "a lovely {}",
    "a fine {}",
    "a calm {} hour",
    "sky at {}",
    "during {}",
)
_CLOUD_FORMS = ("{} in the sky", "{} overhead", "{} above", "{} all around")
_GROUND_FORMS = ("{} below", "{} all around", "the middle of {}", "{} far and wide")


def vocabulary() -> list[str]:
    """Every phrase of the grammar."""
    tables = (TIMES, _TIME_NOUNS, CLOUDS, GROUNDS, GLOWS)
    phrases = [phrase for table in tables for synonyms in table.values() for phrase in synonyms]
    forms = [form.format("").strip() for form in (*_TIME_FORMS, *_CLOUD_FORMS, *_GROUND_FORMS)]
    return [*phrases, *forms, *MOUNTAINS, *HILLS, *HAZE, *MILKY_WAY, *AURORA, *FILLERS, *_OPENINGS]


def caption(sky: SkyParameters, rng: random.Random) -> str:
    """Describe *sky*. Time is always said, except that a noon may go without; clouds and ground mostly are."""
    time: str | None = _said(TIMES[sky.time], _TIME_NOUNS[sky.time], _TIME_FORMS, rng)
    clouds: str | None = _said(CLOUDS[sky.clouds], CLOUDS[sky.clouds], _CLOUD_FORMS, rng)
    ground: str | None = _said(GROUNDS[sky.ground], GROUNDS[sky.ground], _GROUND_FORMS, rng)
    extras = [rng.choice(words) for words in _extras(sky)]
    if sky.time in (Time.SUNSET, Time.DUSK) and (sky.glow != Glow.ORANGE or rng.random() < 0.3):
        extras.append(rng.choice(GLOWS[sky.glow]))
    omitted = rng.random()
    if omitted < 0.1:
        clouds = None
    elif omitted < 0.18:
        ground = None
    elif omitted < 0.45 and sky.time == Time.NOON:
        time = None
    parts = [_sentence(time, clouds, ground, rng), *extras]
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        parts.insert(rng.randint(0, len(parts)), rng.choice(FILLERS) if rng.random() < 0.8 else _nonsense(rng))
    text = rng.choice((", ", ", ", " with ", " ")).join(parts)
    return rng.choice(_OPENINGS) + text if rng.random() < 0.1 else text


def plain_caption(sky: SkyParameters) -> str:
    """All of *sky*, each in the first word for it, which is the one that no change of the grammar takes away."""
    extras = [words[0] for words in _extras(sky)]
    if sky.glow != Glow.ORANGE:
        extras.append(GLOWS[sky.glow][0])
    return ", ".join([f"{TIMES[sky.time][0]} over {GROUNDS[sky.ground][0]}, {CLOUDS[sky.clouds][0]}", *extras])


def _extras(sky: SkyParameters) -> list[tuple[str, ...]]:
    """Synonyms for each of the things that only some skies have."""
    tables = (
        (sky.mountains, MOUNTAINS),
        (sky.hills, HILLS),
        (sky.haze, HAZE),
        (sky.milky_way, MILKY_WAY),
        (sky.aurora, AURORA),
    )
    return [words for present, words in tables if present]


def _sentence(time: str | None, clouds: str | None, ground: str | None, rng: random.Random) -> str:
    if time and clouds and ground:
        forms = (
            f"{time} over {ground}, {clouds}",
            f"{time} over {ground} with {clouds}",
            f"{clouds} over {ground} at {time}",
            f"{clouds} at {time} over {ground}",
            f"{clouds}, {time}, {ground}",
            f"{ground} at {time} with {clouds}",
            f"{time} with {clouds} above {ground}",
            f"{ground}, {clouds}, {time}",
        )
        return rng.choice(forms)
    if clouds and ground:
        return rng.choice((f"{clouds} over {ground}", f"{ground} under {clouds}", f"{ground}, {clouds}"))
    if time and ground:
        return rng.choice((f"{time} over {ground}", f"{ground} at {time}", f"{time}, {ground}"))
    return rng.choice((f"{time} with {clouds}", f"{clouds} at {time}", f"{time}, {clouds}"))


def _said(phrases: tuple[str, ...], nouns: tuple[str, ...], forms: tuple[str, ...], rng: random.Random) -> str:
    """One of *phrases* as it is, or now and then one of *nouns* within one of *forms*."""
    return rng.choice(forms).format(rng.choice(nouns)) if rng.random() < _FORMED else rng.choice(phrases)


def _nonsense(rng: random.Random) -> str:
    """A word the model has never seen, so that it learns to pass over those as well."""
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 8)))


def sun_hint(sky: SkyParameters, start: float, rng: random.Random) -> str:
    """Whether the sun or moon stands in a window of 180 degrees that starts at azimuth *start*, as a phrase.

    A caption speaks of the whole panorama and a window sees half of it: without the hint a model learns that "sunset"
    shows the sun half of the time. Empty where no disc can be seen.
    """
    if sky.time == Time.NIGHT or sky.clouds == Clouds.OVERCAST:
        return ""
    body = "moon" if sky.time == Time.MOON else "sun"
    if 10 < (sky.sun_azimuth - start) % 360 < 170:
        return rng.choice((f"{body} in view", f"facing the {body}"))
    return rng.choice((f"{body} behind", f"no {body} in view", f"away from the {body}"))
