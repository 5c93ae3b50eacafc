"""What a prompt says about the sun, in the words that the bundled model was taught with."""

from ..sky.parameters import ELEVATIONS, Clouds, Time
from ..sky.phrases import CLOUDS, TIMES
from ..sky.said import kind_said, says

_SUNLESS_TIMES = (Time.DUSK, Time.NIGHT, Time.MOON)
_SUNLESS_CLOUDS = (Clouds.OVERCAST, Clouds.STORM)
_SUNLESS_WORDS = ("fog", "mist", "rain", "snowfall", "no sun", "sunless", "indoor", "interior", "room", "blue hour")
_SUN_WORDS = ("sun", "sunny", "sunlight", "sunbeams", "sun rays")  # any height


def rules_out_sun(prompt: str) -> bool:
    """Whether the prompt asks for a sky without a sun: night, overcast, storm, fog, indoors."""
    if says(prompt, _SUN_WORDS) and not says(prompt, ("no sun",)):
        return False
    words = [*_SUNLESS_WORDS, *(word for kind in _SUNLESS_CLOUDS for word in CLOUDS[kind])]
    return kind_said(prompt, TIMES) in _SUNLESS_TIMES or says(prompt, words)


def asks_for_moon(prompt: str) -> bool:
    """Whether the prompt asks for a night with a moon."""
    return kind_said(prompt, TIMES) == Time.MOON


def sun_elevations(prompt: str) -> tuple[float, float] | None:
    """Between which elevations (degrees) the prompt puts a sun; None if it says nothing of one."""
    if rules_out_sun(prompt):
        return None
    hour = kind_said(prompt, TIMES)
    if hour is None:
        return (10.0, 70.0) if says(prompt, _SUN_WORDS) else None
    return ELEVATIONS[hour]
