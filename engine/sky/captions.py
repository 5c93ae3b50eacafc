"""Captions for skies: a grammar with synonyms, in the words people type."""

import random

from .parameters import Clouds, Glow, Ground, SkyParameters, Time

TIMES: dict[Time, tuple[str, ...]] = {
    Time.NOON: ("noon", "midday", "a bright day", "daytime", "a sunny day", "a blue sky day", "high sun", "high noon"),
    Time.MORNING: ("morning", "late afternoon", "mid-morning", "soft daylight", "morning light", "day", "afternoon"),
    Time.GOLDEN: ("golden hour", "warm evening light", "early morning sun", "low sun", "golden light", "evening"),
    Time.SUNSET: (
        "sunset",
        "sunset",
        "sunrise",
        "setting sun",
        "dawn",
        "sun on the horizon",
        "sundown",
        "daybreak",
    ),
    Time.DUSK: ("dusk", "twilight", "blue hour", "after sunset", "nightfall", "late dusk"),
    Time.NIGHT: ("night", "starry night", "night sky", "stars", "midnight", "a dark night", "starry sky", "starlight"),
    Time.MOON: ("moonlit night", "full moon", "moonlight", "night with the moon", "bright moon at night", "moonrise"),
}
CLOUDS: dict[Clouds, tuple[str, ...]] = {
    Clouds.CLEAR: ("clear sky", "cloudless", "no clouds", "clear", "cloudless sky", "clear blue sky", "clear skies"),
    Clouds.FEW: (
        "a few clouds",
        "few small clouds",
        "small fluffy clouds",
        "a few fair weather clouds",
        "a cloud or two",
    ),
    Clouds.SCATTERED: (
        "scattered clouds",
        "fluffy clouds",
        "cumulus clouds",
        "puffy white clouds",
        "partly cloudy",
        "clouds",
        "cumulus",
        "puffy clouds",
    ),
    Clouds.BROKEN: (
        "broken clouds",
        "mostly cloudy",
        "many clouds",
        "big clouds",
        "cloudy",
        "cloudy sky",
        "heavy clouds",
    ),
    Clouds.OVERCAST: (
        "overcast",
        "overcast sky",
        "grey sky",
        "gray clouds",
        "dull grey sky",
        "covered sky",
        "gray sky",
        "a gloomy sky",
    ),
    Clouds.CIRRUS: (
        "cirrus",
        "wispy clouds",
        "thin high clouds",
        "feathery cirrus clouds",
        "wisps of cloud",
        "thin clouds",
    ),
    Clouds.STORM: (
        "storm",
        "stormy sky",
        "storm clouds",
        "dark clouds",
        "thunderstorm",
        "dramatic storm clouds",
        "rain clouds",
        "stormy",
        "a rain storm",
    ),
    Clouds.MACKEREL: ("mackerel sky", "altocumulus", "altocumulus clouds", "rippled clouds", "small cloud ripples"),
}
GROUNDS: dict[Ground, tuple[str, ...]] = {
    Ground.SEA: ("the sea", "the ocean", "open sea", "open ocean", "ocean waves", "sea", "waves", "ocean"),
    Ground.DESERT: (
        "the desert",
        "sand dunes",
        "desert dunes",
        "a sandy desert",
        "dunes",
        "desert",
        "sand",
        "the sahara",
    ),
    Ground.GRASS: (
        "a meadow",
        "a grass field",
        "green fields",
        "a prairie",
        "grassland",
        "grass",
        "meadows",
        "a field",
    ),
    Ground.SNOW: (
        "snow",
        "a snowy plain",
        "a snowfield",
        "the arctic",
        "ice and snow",
        "a winter landscape",
        "a snow covered field",
        "winter",
        "snowy",
    ),
    Ground.FOREST: ("a forest", "pine trees", "woods", "a dark forest", "trees", "a treeline", "woodland", "forest"),
    Ground.LAKE: ("a lake", "a still lake", "a mirror lake", "calm lake water", "lake", "a lake shore", "lakeside"),
}
MOUNTAINS = (
    "mountains",
    "mountains on the horizon",
    "distant mountains",
    "mountain range",
    "snowy peaks",
    "mountain peaks",
    "in the mountains",
    "alps",
)
_HILLS = ("hills", "rolling hills", "low hills", "gentle hills on the horizon", "hilly")
# Paraphrases that :func:`caption` never uses: whether a model understands them says how far it has generalised. They
# are made of words that captions do use, or of their stems, in another order or sense.
HELD_OUT: dict[Time | Clouds | Ground, tuple[str, str]] = {
    Time.NOON: ("the sun high in the sky", "the middle of the day"),
    Time.MORNING: ("a pleasant morning hour", "sunny afternoon light"),
    Time.GOLDEN: ("warm golden sunlight", "a golden evening"),
    Time.SUNSET: ("the sun going down on the horizon", "sunset on the horizon"),
    Time.DUSK: ("the last purple light after sunset", "late twilight"),
    Time.NIGHT: ("under the stars", "a sky full of stars"),
    Time.MOON: ("the moon at night", "lit by the full moon"),
    Clouds.CLEAR: ("not a cloud in the sky", "a sky without clouds"),
    Clouds.FEW: ("just a few little clouds", "one or two small clouds"),
    Clouds.SCATTERED: ("cotton clouds", "white cumulus here and there"),
    Clouds.BROKEN: ("lots of big clouds", "a sky mostly full of clouds"),
    Clouds.OVERCAST: ("completely overcast", "a uniform grey cloud cover"),
    Clouds.CIRRUS: ("high feathery wisps", "delicate cirrus streaks"),
    Clouds.STORM: ("an approaching thunderstorm", "threatening dark storm sky"),
    Clouds.MACKEREL: ("a sky of small cloud ripples", "rows of altocumulus"),
    Ground.SEA: ("the wide ocean", "out at sea"),
    Ground.DESERT: ("endless sand", "a desert of dunes"),
    Ground.GRASS: ("a grassy meadow", "wide green grass"),
    Ground.SNOW: ("winter wonderland", "fields of snow"),
    Ground.FOREST: ("deep in the woods", "a pine forest"),
    Ground.LAKE: ("the shore of a lake", "a quiet lake"),
}
_GLOWS: dict[Glow, tuple[str, ...]] = {
    Glow.ORANGE: ("orange sky", "orange glow", "fiery sky"),
    Glow.GOLDEN: ("golden sky", "golden glow", "yellow light"),
    Glow.RED: ("red sky", "blood red sky", "crimson sky", "red glow"),
    Glow.PINK: ("pink sky", "cotton candy sky", "pink and purple sky", "pastel pink sky"),
}
HELD_OUT_MOUNTAINS = ("alpine peaks", "high mountains far away")
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
    phrases = [
        phrase for table in (TIMES, CLOUDS, GROUNDS, _GLOWS) for synonyms in table.values() for phrase in synonyms
    ]
    return [*phrases, *MOUNTAINS, *_HILLS, *_HAZE, *_MILKY_WAY, *_AURORA, *FILLERS, *_OPENINGS]


def caption(sky: SkyParameters, rng: random.Random) -> str:
    """Describe *sky*. Time is always said, except that an ordinary day may go without; clouds and ground mostly are."""
    time: str | None = rng.choice(TIMES[sky.time])
    clouds: str | None = rng.choice(CLOUDS[sky.clouds])
    ground: str | None = rng.choice(GROUNDS[sky.ground])
    extras = [
        rng.choice(words)
        for present, words in (
            (sky.mountains, MOUNTAINS),
            (sky.hills, _HILLS),
            (sky.haze, _HAZE),
            (sky.milky_way, _MILKY_WAY),
            (sky.aurora, _AURORA),
        )
        if present
    ]
    if sky.time in (Time.SUNSET, Time.DUSK) and (sky.glow != Glow.ORANGE or rng.random() < 0.3):
        extras.append(rng.choice(_GLOWS[sky.glow]))
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
