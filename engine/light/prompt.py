"""What a prompt says about the sun, in the words that the bundled model was taught with."""

import re

from ..sky.parameters import ELEVATIONS, Clouds, Time
from ..sky.phrases import CLOUDS, TIMES

_SUNLESS_TIMES = (Time.DUSK, Time.NIGHT, Time.MOON)
_SUNLESS_CLOUDS = (Clouds.OVERCAST, Clouds.STORM)
_SUNLESS_WORDS = ("fog", "mist", "rain", "snowfall", "no sun", "sunless", "indoor", "interior", "room", "blue hour")
_SUN_WORDS = ("sun", "sunny", "sunlight", "sunbeams", "sun rays")  # any height


def rules_out_sun(prompt: str) -> bool:
    """Whether the prompt asks for a sky without a sun: night, overcast, storm, fog, indoors."""
    if _says(prompt, _SUN_WORDS) and not _says(prompt, ("no sun",)):
        return False
    words = [*_SUNLESS_WORDS, *(word for kind in _SUNLESS_CLOUDS for word in CLOUDS[kind])]
    return _hour(prompt) in _SUNLESS_TIMES or _says(prompt, words)


def asks_for_moon(prompt: str) -> bool:
    return _hour(prompt) == Time.MOON


def sun_elevations(prompt: str) -> tuple[float, float] | None:
    """Between which elevations (degrees) the prompt puts a sun; None if it says nothing of one."""
    if rules_out_sun(prompt):
        return None
    hour = _hour(prompt)
    if hour is None:
        return (10.0, 70.0) if _says(prompt, _SUN_WORDS) else None
    return ELEVATIONS[hour]


def _hour(prompt: str) -> Time | None:
    """The time of day of the longest phrase that is in the prompt: "late afternoon" and not "afternoon"."""
    found = [(len(phrase), time) for time, phrases in TIMES.items() for phrase in phrases if _says(prompt, (phrase,))]
    return max(found, key=lambda match: match[0])[1] if found else None


def _says(prompt: str, phrases: list[str] | tuple[str, ...]) -> bool:
    return any(re.search(rf"\b{re.escape(phrase)}\b", prompt, re.IGNORECASE) for phrase in phrases)
