"""Captions for skies: a grammar with synonyms, in the words people type."""

import random

from .parameters import Clouds, Ground, SkyParameters, Time

TIMES: dict[Time, tuple[str, ...]] = {
    Time.NOON: ("noon", "midday", "a bright day", "daytime", "a sunny day", "a blue sky day", "high sun", "afternoon"),
    Time.MORNING: ("morning", "late afternoon", "mid-morning", "soft daylight", "morning light", "day"),
    Time.GOLDEN: ("golden hour", "warm evening light", "early morning sun", "low sun", "golden light", "evening"),
    Time.SUNSET: (
        "sunset",
        "sunset",
        "sunrise",
        "setting sun",
        "dawn",
        "an orange sunset",
        "sun on the horizon",
        "a fiery sunset",
        "sundown",
    ),
    Time.DUSK: ("dusk", "twilight", "blue hour", "after sunset", "nightfall", "purple dusk"),
    Time.NIGHT: ("night", "starry night", "night sky", "stars", "midnight", "a dark night", "starry sky"),
    Time.MOON: ("moonlit night", "full moon", "moonlight", "night with the moon", "bright moon at night"),
}
CLOUDS: dict[Clouds, tuple[str, ...]] = {
    Clouds.CLEAR: ("clear sky", "cloudless", "no clouds", "clear", "cloudless sky", "clear blue sky"),
    Clouds.FEW: ("a few clouds", "few small clouds", "small fluffy clouds", "a few fair weather clouds"),
    Clouds.SCATTERED: (
        "scattered clouds",
        "fluffy clouds",
        "cumulus clouds",
        "puffy white clouds",
        "partly cloudy",
        "clouds",
    ),
    Clouds.BROKEN: ("broken clouds", "mostly cloudy", "many clouds", "big clouds", "cloudy", "cloudy sky"),
    Clouds.OVERCAST: ("overcast", "overcast sky", "grey sky", "gray clouds", "dull grey sky", "covered sky"),
    Clouds.CIRRUS: ("cirrus", "wispy clouds", "thin high clouds", "feathery cirrus clouds", "wisps of cloud"),
    Clouds.STORM: (
        "storm",
        "stormy sky",
        "storm clouds",
        "dark clouds",
        "thunderstorm",
        "dramatic storm clouds",
        "rain clouds",
    ),
}
GROUNDS: dict[Ground, tuple[str, ...]] = {
    Ground.SEA: ("the sea", "the ocean", "a calm sea", "open ocean", "water", "sea", "waves"),
    Ground.DESERT: ("the desert", "sand dunes", "desert dunes", "a sandy desert", "dunes", "desert", "a beach"),
    Ground.GRASS: ("a meadow", "a grass field", "green fields", "a prairie", "grassland", "grass", "a green valley"),
    Ground.SNOW: (
        "snow",
        "a snowy plain",
        "a snowfield",
        "the arctic",
        "ice and snow",
        "a winter landscape",
        "a snow covered field",
    ),
    Ground.FOREST: ("a forest", "pine trees", "woods", "a dark forest", "trees", "a treeline", "woodland"),
    Ground.LAKE: ("a lake", "a still lake", "a mirror lake", "calm lake water", "lake"),
}
_MOUNTAINS = (
    "mountains",
    "mountains on the horizon",
    "distant mountains",
    "mountain range",
    "snowy peaks",
    "hills",
    "in the mountains",
)
_HAZE = ("haze", "hazy", "mist", "foggy horizon", "misty", "fog")
_MILKY_WAY = ("milky way", "the milky way", "galaxy", "milky way galaxy")
_AURORA = ("aurora", "northern lights", "aurora borealis", "green aurora", "polar lights")
# Words that people add and that say nothing about the sky; the model has to learn to pass over them.
FILLERS = (
    "360 panorama",
    "hdri",
    "photo",
    "high quality",
    "8k",
    "photorealistic",
    "beautiful",
    "equirectangular",
    "skybox",
    "detailed",
    "landscape",
    "amazing",
    "scenic",
    "peaceful",
    "epic",
    "wide",
    "environment map",
    "realistic",
    "cinematic",
    "atmospheric",
    "outdoor",
    "nature",
    "view",
)
_OPENINGS = ("a ", "view of ", "panorama of ", "a photo of ")
_ORDINARY = (Time.NOON, Time.MORNING)


def vocabulary() -> list[str]:
    """Every phrase of the grammar."""
    phrases = [phrase for table in (TIMES, CLOUDS, GROUNDS) for synonyms in table.values() for phrase in synonyms]
    return [*phrases, *_MOUNTAINS, *_HAZE, *_MILKY_WAY, *_AURORA, *FILLERS, *_OPENINGS]


def caption(sky: SkyParameters, rng: random.Random) -> str:
    """Describe *sky*. Time is always said, except that an ordinary day may go without; clouds and ground mostly are."""
    time: str | None = rng.choice(TIMES[sky.time])
    clouds: str | None = rng.choice(CLOUDS[sky.clouds])
    ground: str | None = rng.choice(GROUNDS[sky.ground])
    extras = [
        rng.choice(words)
        for present, words in (
            (sky.mountains, _MOUNTAINS),
            (sky.haze, _HAZE),
            (sky.milky_way, _MILKY_WAY),
            (sky.aurora, _AURORA),
        )
        if present
    ]
    omitted = rng.random()
    if omitted < 0.1:
        clouds = None
    elif omitted < 0.18:
        ground = None
    elif omitted < 0.45 and sky.time in _ORDINARY:
        time = None
    parts = [_sentence(time, clouds, ground, rng), *extras]
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        parts.insert(rng.randint(0, len(parts)), rng.choice(FILLERS) if rng.random() < 0.8 else _nonsense(rng))
    text = rng.choice((", ", ", ", " with ", " ")).join(parts)
    return rng.choice(_OPENINGS) + text if rng.random() < 0.1 else text


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
