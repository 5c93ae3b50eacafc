"""Paraphrases that no caption uses: whether a model understands them says how far it has generalised.

They are made of words that captions do use, or of their stems, in another order or sense.
"""

from engine.sky import Clouds, Ground, Time

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
HELD_OUT_MOUNTAINS = ("alpine peaks", "high mountains far away")
