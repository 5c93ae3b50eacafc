"""What a prompt says about the sun."""

from ..sky.parameters import ELEVATIONS, Clouds, Time
from ..sky.said import Said, says

_SUNLESS_TIMES = (Time.DUSK, Time.NIGHT, Time.MOON)
_SUNLESS_CLOUDS = (Clouds.OVERCAST, Clouds.STORM)
_SUNLESS_WORDS = ("fog", "mist", "rain", "snowfall", "no sun", "indoor", "interior", "room", "blue hour")
_SUN_WORDS = ("sun", "sunny", "sunlight", "sunshine", "sunbeams")  # any height


def rules_out_sun(prompt: str) -> bool:
    """Whether the prompt asks for a sky without a sun: night, overcast, storm, fog, indoors."""
    if says(prompt, _SUN_WORDS):
        return False
    said = Said.by(prompt)
    return said.time in _SUNLESS_TIMES or said.clouds in _SUNLESS_CLOUDS or says(prompt, _SUNLESS_WORDS)


def asks_for_moon(prompt: str) -> bool:
    """Whether the prompt asks for a night with a moon."""
    return Said.by(prompt).time == Time.MOON


def sun_elevations(prompt: str) -> tuple[float, float] | None:
    """Between which elevations (degrees) the prompt puts a sun; None if it says nothing of one."""
    if rules_out_sun(prompt):
        return None
    hour = Said.by(prompt).time
    if hour is None:
        return (10.0, 70.0) if says(prompt, _SUN_WORDS) else None
    return ELEVATIONS[hour]
