"""A city on the horizon: rows of buildings, lit windows after dark, and its glow on the air and clouds above."""

import math

import torch
from torch import Tensor

from .coast import land_share
from .lighting import Light
from .parameters import Time
from .scene import Dome, Scene, per_picture, per_pixel

_HIGHEST = math.radians(24)
# Rows of buildings: name, buildings around the horizon, height of blocks and of the tallest tower and spread of the
# city in radians, share of air light.
_ROWS = (
    ("far", 230, math.radians(1.7), math.radians(11), math.radians(60), 0.50),
    ("middle", 150, math.radians(2.4), math.radians(18), math.radians(28), 0.30),
    ("near", 105, math.radians(3.2), math.radians(9), math.radians(48), 0.10),
)
_WINDOW = math.radians(0.4)  # from one to the next; never below two pixels, or they would be a grey shimmer
_FACADES = (0.05, 0.2)
_GLASS = (0.82, 0.95, 1.12)
_WARM, _COOL, _LAMP = (1.25, 0.78, 0.36), (0.8, 0.95, 1.1), 1.1
_GLOW, _HAZE_GLOW = (0.52, 0.27, 0.11), (0.075, 0.046, 0.028)


def lights_on(scene: Scene) -> Tensor:
    """How many of a city's lights burn, [batch]: none with the sun above 4 degrees, all with it 5 below."""
    return torch.maximum(scene.time(Time.NIGHT, Time.MOON), ((4 - scene.sun_elevation) / 9).clamp(0, 1))


def city_glow(scene: Scene, dome: Dome, clouds: Tensor) -> Tensor:
    """Light of a city on air and *clouds*, given by their opacity [batch, 1, rows, width]; [batch, 3, rows, width]."""
    there, longitude = scene.bearing("city")
    turn, rise = dome.turn_from(longitude), dome.elevation[None]
    dome_of_light = torch.exp(-rise / 0.15) * torch.exp(-((turn / 0.75) ** 2))
    above = torch.exp(-rise / 0.45) * (0.5 + 0.5 * turn.cos() * dome.horizontal) ** 2
    glow = per_picture(clouds.new_tensor(_GLOW)[None]) * dome_of_light[:, None]
    glow = glow + per_picture(clouds.new_tensor(_HAZE_GLOW)[None]) * above[:, None]
    return glow * (1 + 1.2 * clouds) * per_picture(there * lights_on(scene))


def skyline(scene: Scene, dome: Dome, lit: Light, sky: Tensor, air: Tensor) -> Tensor:
    """Draw the buildings over *sky* [batch, 3, rows, width]; *air* [batch, 3, 1, width] is the light before them."""
    low = dome.below(_HIGHEST)
    if not low.rows:
        return sky
    above, sky = sky[:, :, : -low.rows], sky[:, :, -low.rows :]
    middle = scene.bearing("city")[1]
    turn = low.turn_from(middle)
    for row, count, block, tower, spread, air_share in _ROWS:
        top, building = _roofs(scene, low, turn, row, count, block, tower, spread)
        top = top * (land_share(scene, low) > 0.5)
        draws = scene.uniform(f"facades {row}", count, 3)
        tone, share, tint = (_of(building, draws[..., i]) for i in range(3))
        paled = air_share * per_picture(1 - 0.6 * lights_on(scene))
        shade = _facade(low, lit, tone).lerp(air * 0.85, paled) + _windows(scene, low, row, top, share, tint)
        mask = torch.sigmoid((top - low.elevation[None]) / (0.35 * low.pixel)) * per_pixel(scene.skyline)
        sky = sky.lerp(shade, mask[:, None])
    return torch.cat([above, sky], 2)


def _of(building: Tensor, values: Tensor) -> Tensor:
    """*values* [batch, count] of the *building* [batch, 1, width] that each column shows."""
    return values.gather(1, building[:, 0])[:, None]


def _roofs(
    scene: Scene, dome: Dome, turn: Tensor, row: str, count: int, block: float, tower: float, spread: float
) -> tuple[Tensor, Tensor]:
    """Elevation that the *row*'s roofs reach and number of the building, [batch, 1, width] each.

    Walls stand at uneven distances; a building is flat-topped, stepped or gabled, and one of eight bears a spire.
    """
    draws = scene.uniform(f"buildings {row}", count, 6)
    wall = torch.arange(count, device=turn.device) + 0.9 * (draws[..., 0] - 0.5)  # where each begins
    place = (dome.longitude[:1] / (2 * math.pi) * count).expand(len(scene), 1, -1)
    cell = place.floor().long().clamp(max=count - 1)
    begins, ends = _of(cell, wall), _of((cell + 1) % count, wall) + count * (cell == count - 1)
    cell = torch.where(place < begins, cell - 1, torch.where(place >= ends, cell + 1, cell))
    building = cell % count
    begins = _of(building, wall) + (cell - building)
    ends = _of((building + 1) % count, wall) + (cell + 1 - (building + 1) % count)
    across = ((place - begins) / (ends - begins) - 0.5).abs() * 2  # 0 in its middle, 1 at its walls
    height, kind, step, spire, low = (_of(building, draws[..., i]) for i in range(1, 6))

    centre = (building + 0.5) / count * 2 * math.pi + turn[..., :1] - dome.longitude[:1, :1]
    centre = (centre + math.pi) % (2 * math.pi) - math.pi
    dense = torch.exp(-((centre / spread) ** 2))
    reach = block * (0.35 + 0.65 * low) * dense.sqrt() + tower * height**4 * dense
    stepped = torch.where(across > 0.45 + 0.25 * step, 0.62 + 0.25 * step, 1.0)
    gabled = 0.86 + 0.14 * (1 - across)
    profile = torch.where(kind < 0.35, stepped, torch.where(kind < 0.5, gabled, 1.0))
    top = reach * profile
    mast = (spire < 0.125) & (height > 0.6) & (across * (ends - begins) / count * math.pi < 0.6 * dome.pixel)
    top = torch.where(mast, reach * 1.22, top)
    return top * (dense > 0.02), building


def _facade(dome: Dome, lit: Light, tone: Tensor) -> Tensor:
    albedo = _FACADES[0] + (_FACADES[1] - _FACADES[0]) * tone[:, None]
    glass = per_picture(albedo.new_tensor(_GLASS)[None])
    facing = (0.6 - 0.4 * lit.turn[:, -dome.rows :].cos())[:, None]
    floors = 1 - 0.25 * (_grid(dome)[1] < 0.5)[None, None].float()
    return (per_picture(lit.sun) * 0.6 * facing + per_picture(lit.ambient)) / math.pi * albedo * glass * floors


def _grid(dome: Dome) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    """Place across a window's share of a facade and up it, in [0, 1); its column and floor; how many columns."""
    columns = min(dome.width // 2, round(2 * math.pi / _WINDOW))
    across, up = dome.longitude / (2 * math.pi) * columns, dome.elevation / (2 * math.pi) * columns
    return across % 1, up % 1, across.long(), up.long(), columns


def _windows(scene: Scene, dome: Dome, row: str, top: Tensor, share: Tensor, tint: Tensor) -> Tensor:
    """Radiance of lit windows, [batch, 3, rows, width]; each building has its own share of them, and its own white."""
    on = lights_on(scene)
    across, up, column, floor, columns = _grid(dome)
    draws = scene.uniform(f"windows {row}", int(floor.max()) + 1, columns)[:, floor, column]
    pane = ((across < 0.55) & (up < 0.6) & (dome.elevation[None] < top - 0.5 * dome.pixel)).float()
    lit_up = (draws < (0.12 + 0.6 * share**2) * per_pixel(on)).float()
    warm, cool = (per_picture(draws.new_tensor(rgb)[None]) for rgb in (_WARM, _COOL))
    colour = warm.lerp(cool, (tint[:, None] - 0.45).clamp(0, 0.5) * 1.6)
    bright = 0.35 + 0.65 * ((draws * 37) % 1)
    return _LAMP * colour * (pane * lit_up * bright)[:, None]
