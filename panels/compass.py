"""The compass picture: which part of the sky each prompt and photo has, and where the layout's sun is.

Seen from above, north at the top. The centre is the zenith, the inner circle the horizon and the rim the nadir, in an
equal-area projection (Lambert's azimuthal), so that a part looks as large as it is.
"""

from functools import cache
from math import cos, radians, sin

import bpy
import numpy as np

from ..direction_properties import light_direction
from .letters import CARDINALS, stamp
from .thumbnails import drawn

COLOURS = (
    (0.90, 0.45, 0.35),
    (0.35, 0.65, 0.95),
    (0.95, 0.80, 0.35),
    (0.50, 0.80, 0.50),
    (0.75, 0.50, 0.90),
    (0.40, 0.80, 0.80),
)
_SIZE = 256  # pixels a side
_RIM = 0.84  # of half the picture; the letters are outside
_LENS = 60.0  # degrees across a photo whose field of view only its file knows


def colour(number: int) -> tuple[float, float, float]:
    """Of the region *number*, from 0, in the picture and in the list."""
    return COLOURS[number % len(COLOURS)]


def swatch(number: int) -> int:
    """The icon that is the colour of the region *number*."""
    return drawn(f"swatch-{number % len(COLOURS)}", "", lambda: np.full((32, 32, 4), (*colour(number), 1.0)))


def compass_icon(direction: bpy.types.PropertyGroup) -> int:
    """The icon that shows *direction*; drawn anew when something in it has changed."""
    angles = ("azimuth", "width", "lowest", "highest", "softness")
    regions = tuple(None if item.mask else tuple(getattr(item, name) for name in angles) for item in direction.regions)
    photos = tuple(
        (item.azimuth, item.elevation, item.field_of_view or _LENS) for item in direction.photos if not item.use_noted
    )
    layout = direction.layout
    shown = direction.begin == "LAYOUT" and layout.light != "stars"
    sun = (layout.light, *light_direction(layout)) if shown else None
    chosen = direction.region
    return drawn("compass", (regions, photos, sun, chosen), lambda: _picture(regions, photos, sun, chosen))


def _picture(regions: tuple, photos: tuple, sun: tuple | None, chosen: int) -> np.ndarray:
    """``[size, size, 4]`` from the top row down, sRGB and alpha."""
    x, y, radius, turn, rise = _plane()
    grey = np.where(rise > 0, np.float32(0.34), np.float32(0.22))
    shares = np.zeros((len(regions), _SIZE, _SIZE), np.float32)
    for number, region in enumerate(regions):
        if region:
            shares[number] = _weight(region, turn, rise)
    shares /= np.maximum(shares.sum(0), 1)
    shares *= np.array([1.0 if number == chosen else 0.6 for number in range(len(regions))], np.float32)[:, None, None]
    picture = np.empty((_SIZE, _SIZE, 4), np.float32)
    picture[..., :3] = (grey * (1 - shares.sum(0)))[..., None]
    colours = np.array([colour(number) for number in range(len(regions))], np.float32).reshape(-1, 3)
    picture[..., :3] += np.einsum("nhw,nc->hwc", shares, colours)
    picture[..., 3] = _inside(1 - radius)
    _over(picture, 0.7 * _inside(0.012 - abs(radius - sin(radians(45)))), (0.6, 0.6, 0.6))
    for azimuth, elevation, across in photos:
        apart = _apart(turn, rise, azimuth, elevation)
        _over(picture, np.clip((across / 2 - apart) + 0.5, 0, 1) * 0.35, (1, 1, 1))
    if sun:
        light, azimuth, elevation = sun
        out = sin(radians(90 - elevation) / 2)
        distance = np.hypot(x - out * sin(radians(azimuth)), y - out * cos(radians(azimuth)))
        _over(picture, _inside(0.09 - distance), (0.1, 0.1, 0.1))
        _over(picture, _inside(0.07 - distance), (1.0, 0.9, 0.3) if light == "sun" else (0.85, 0.88, 0.95))
    for letter, azimuth in CARDINALS.items():
        half, out = _SIZE / 2, 0.92 * _SIZE / 2
        stamp(picture, letter, half - out * cos(radians(azimuth)), half + out * sin(radians(azimuth)), 2)
    return picture


@cache
def _plane() -> tuple[np.ndarray, ...]:
    """To the east, to the north and from the centre, where the disc's rim is at 1; azimuth and elevation in degrees."""
    across = ((np.arange(_SIZE, dtype=np.float32) + 0.5) / _SIZE * 2 - 1) / _RIM
    x, y = np.meshgrid(across, -across)
    radius = np.hypot(x, y)
    return x, y, radius, np.degrees(np.arctan2(x, y)), 90 - 2 * np.degrees(np.arcsin(np.clip(radius, 0, 1)))


def _inside(distance: np.ndarray) -> np.ndarray:
    """1 where the *distance* inside an edge is positive, smooth over a pixel."""
    return np.clip(distance * _SIZE * _RIM / 2 + 0.5, 0, 1)


def _over(picture: np.ndarray, share: np.ndarray, tint: tuple[float, float, float]) -> None:
    picture[..., :3] += share[..., None] * (np.array(tint, np.float32) - picture[..., :3])


def _weight(region: tuple, turn: np.ndarray, rise: np.ndarray) -> np.ndarray:
    """As :func:`engine.start.regions.region_mask`, which needs torch."""
    azimuth, width, lowest, highest, softness = region
    soft = max(softness, 1.0)
    edges = []
    if width < 360:
        edges.append(width / 2 - abs((turn - azimuth + 180) % 360 - 180))
    if lowest > -90:
        edges.append(rise - lowest)
    if highest < 90:
        edges.append(highest - rise)
    weight = np.ones_like(turn)
    for distance in edges:
        weight = weight * np.clip(distance / soft + 0.5, 0, 1)
    return weight


def _apart(turn: np.ndarray, rise: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    """Degrees between each direction and that of *azimuth* and *elevation*."""
    turn, rise = np.radians(turn - azimuth), np.radians(rise)
    cosine = np.sin(rise) * sin(radians(elevation)) + np.cos(rise) * cos(radians(elevation)) * np.cos(turn)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
