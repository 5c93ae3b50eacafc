"""A thunderstorm far off: a tower of cauliflowers below a flat anvil that the wind draws out, and rain under it.

Drawn on an upright plane one unit away, so that a camera that looks there sees the anvil's top level. Lengths are in
heights of the storm: x grows downwind, y upwards from the horizon to 1, the anvil's top.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .lighting import Light
from .noise import BILLOW, WISP, NoiseAtlas
from .scene import Dome, Scene, luminance, per_picture, per_pixel

_HIGHEST = math.radians(44)  # no storm reaches it
_TOP = (0.60, 0.78)  # tangent of the top's elevation
_BASE = 0.10
_SLATE = (0.80, 1.0, 1.26)  # grey of its foot, lit by blue sky from its sides
# Lesser towers beside the great one: middle, half width, top.
_TOWERS = ((-0.52, 0.20, 0.50), (-0.86, 0.15, 0.30), (0.42, 0.17, 0.38), (0.74, 0.13, 0.24), (-1.18, 0.10, 0.19))
_STEP = 0.05  # towards the sun, over which a slope is measured


@dataclass(frozen=True)
class _Body:
    """``inside``: depth under the outline, negative outside. ``relief``: how far it bulges towards the viewer.
    ``ice``: 1 in the anvil. Each [batch, rows, width].
    """

    inside: Tensor
    relief: Tensor
    ice: Tensor


def cumulonimbus(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas) -> tuple[Tensor, Tensor]:
    """Radiance [batch, 3, rows, width] and opacity [batch, 1, rows, width]; both zero where no storm stands."""
    low = dome.below(_HIGHEST)
    if not low.rows:
        nothing = lit.sun.new_zeros(len(scene), 4, dome.rows, dome.width)
        return nothing[:, :3], nothing[:, 3:]
    there, longitude = scene.bearing("thunderhead")
    draws = scene.uniform("thunderhead", 4)
    turn = low.turn_from(longitude)
    top = per_pixel(_TOP[0] + (_TOP[1] - _TOP[0]) * draws[:, 0])
    downwind = torch.where(draws[:, 1] < 0.5, -1.0, 1.0)
    x = per_pixel(downwind) * torch.tan(turn.clamp(-1.5, 1.5)) / top
    y = torch.tan(low.elevation)[None] / turn.cos().clamp(min=0.05) / top
    x, y = torch.broadcast_tensors(x, y)
    a, b = (per_pixel(draw) * 7 for draw in draws[:, 2:].unbind(1))

    away = scene.sun_longitude - longitude
    level = torch.deg2rad(scene.sun_elevation).cos()
    across, towards, up = (
        per_pixel(axis) for axis in (downwind * level * away.sin(), -level * away.cos(), scene.sun[:, 2])
    )
    body = _body(noise, x, y, a, b)
    sunward = _body(noise, x + _STEP * across, y + _STEP * up, a, b)
    slope = (body.relief - sunward.relief) / _STEP
    facing = torch.sigmoid(2.2 * (towards + 0.75 * slope) - 0.3)

    height = ((y - _BASE) / 0.75).clamp(0, 1)
    lit_share = facing * (0.3 + 0.7 * height**0.7)
    lit_share = lit_share * (1 - 0.3 * up * torch.sigmoid((0.80 - y) * 14) * torch.sigmoid((y - 0.35) * 9))
    # Behind it the sun shines through its thin edge.
    rim = torch.exp(-body.inside.clamp(min=0) / 0.035) * (-towards).clamp(min=0) ** 3
    sun = per_picture(lit.sun).lerp(per_picture(lit.sun_aloft), height[:, None])
    ambient = per_picture(lit.ambient) / torch.pi
    colour = sun * (0.23 * lit_share + 0.3 * rim)[:, None] + ambient * (0.3 + 0.5 * height)[:, None]
    slate = luminance(colour)[:, None] * per_picture(colour.new_tensor(_SLATE)[None])
    colour = colour.lerp(slate, 0.6 * (1 - height)[:, None])

    wide = (0.055 * body.ice + 0.012) * 0.5
    opacity = torch.sigmoid(body.inside / wide.clamp(min=0.4 * low.pixel))
    opacity = opacity * torch.sigmoid((y - _BASE) / 0.012)
    streaks = noise(x * 0.8 + a, y * 0.03 + b)[WISP]
    rain = torch.sigmoid((0.34 - (x - 0.1 * (1 - y)).abs() + 0.05 * streaks) / 0.05) * torch.sigmoid((_BASE - y) / 0.02)
    rain_colour = 0.5 * ambient + 0.3 * lit.horizon.mean(3, keepdim=True)
    colour = colour.lerp(rain_colour, (rain / (rain + opacity + 1e-6))[:, None])
    opacity = torch.maximum(opacity, 0.7 * rain)

    far = 0.1 + 0.5 * torch.exp(-low.z / 0.05)
    colour = colour.lerp(lit.horizon, far[:, None])
    shown = (opacity * (turn.cos() > 0.08) * per_pixel(there))[:, None]
    above = (0, 0, dome.rows - low.rows, 0)
    return F.pad(colour, above), F.pad(shown, above)


def clearing(scene: Scene, dome: Dome) -> Tensor:
    """1 in the directions of a storm, 0 away from it, [batch, rows, width]: no cloud shall stand before it."""
    there, longitude = scene.bearing("thunderhead")
    beside = torch.exp(-((dome.turn_from(longitude) / 0.8) ** 4))
    return per_pixel(there) * beside * torch.sigmoid((1.15 * _HIGHEST - dome.elevation[None]) / 0.08)


def _body(noise: NoiseAtlas, x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> _Body:
    bulk, puffs, crumbs = (
        noise(x * scale + first, y * scale + second)
        for scale, first, second in ((0.085, a, b), (0.21, b, a), (0.5, a, b))
    )
    cauliflower = 0.55 * bulk[BILLOW] + 0.32 * puffs[BILLOW] + 0.13 * crumbs[BILLOW]
    fibres = noise(x * 0.09 + a, (y - 0.06 * x) * 0.9 + b)
    waist = 0.36 - 0.1 * (1 - (2 * y - 1) ** 2).clamp(min=0)
    core = waist - (x - 0.1 * y).abs() + 0.085 * cauliflower
    core = torch.minimum(core, 0.97 - y + 0.03 * cauliflower)
    for middle, half, top in _TOWERS:
        away = (x - middle - 0.1 * y) / half
        head = top - y - half * 0.9 * (1 - (1 - away.square()).clamp(min=0).sqrt())
        core = torch.maximum(core, torch.minimum(head, half - (x - middle - 0.1 * y).abs()) + 0.085 * cauliflower)
    # The anvil: level above, thick over the tower, thin at its ends, the longer one downwind.
    reach = torch.where(x > 0, 1.45, 0.85)
    out = x.abs() / reach
    thickness = 0.42 * torch.exp(-((x.abs() / 0.5) ** 1.5)) + 0.17 * (1 - out**2)
    overshoot = 0.05 * torch.exp(-((x / 0.2) ** 2)) * (1 + 0.5 * puffs[BILLOW])
    below = thickness + 0.028 * fibres[WISP] + 0.02 * puffs[BILLOW] * torch.exp(-x.abs()) - (1 - y)
    anvil = torch.minimum(1 + overshoot + 0.006 * fibres[WISP] - y, below)
    inside = _smooth_maximum(core, anvil, 0.05)
    ice = torch.sigmoid((anvil - core) / 0.05) * torch.sigmoid((x.abs() - 0.25) / 0.08)
    bulge = inside.clamp(min=0)
    relief = 0.5 * (bulge / (bulge + 0.12)) + cauliflower * (0.085 - 0.07 * ice) + 0.02 * fibres[WISP] * ice
    return _Body(inside, relief, ice)


def _smooth_maximum(a: Tensor, b: Tensor, width: float) -> Tensor:
    """Inigo Quilez' polynomial one."""
    share = (0.5 + 0.5 * (a - b) / width).clamp(0, 1)
    return b.lerp(a, share) + width * share * (1 - share)
