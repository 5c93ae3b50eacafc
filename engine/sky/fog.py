"""Fog in banks on the ground: a shallow layer with an uneven top and gaps, marched through along each line of sight."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from .lighting import Light
from .noise import SOFT, NoiseAtlas
from .scene import Scene, luminance, per_picture, per_pixel

# Lengths are in heights of the viewer's eye, as on the plane of the ground.
_NEAREST, _FARTHEST, _STEPS = 5.0, 140.0, 14
_HIGHEST, _LOWEST = math.radians(16), math.radians(12)  # above and below the horizon; no bank is seen beyond
_TOP = (0.5, 4.2)  # of a bank: lowest and usual
_WHITENESS = 0.55  # of droplets, which scatter all colours alike
_WIDE = 13.0  # distance from which on banks look equally wide
_DENSITY = 0.2  # extinction per length


def fog(scene: Scene, directions: Sequence[Tensor], lit: Light, noise: NoiseAtlas, seen: Tensor, air: Tensor) -> Tensor:
    """Lay fog over what is *seen*, rows of a panorama from above to below, [batch, 3, rows, width].

    *directions*: x, y and z of its pixels, [1, rows, width] each. *air* as in silhouettes.
    """
    rise = directions[2][0, :, 0]
    foggy = ((rise < math.sin(_HIGHEST)) & (rise > -math.sin(_LOWEST))).nonzero()
    if not len(foggy):
        return seen
    first, last = int(foggy[0]), int(foggy[-1]) + 1
    x, y, z = (axis[:, first:last] for axis in directions)
    a, b = (per_pixel(draw) * 9 for draw in scene.uniform("fog", 2).unbind(1))
    to_ground = torch.where(z < 0, 1 / (-z).clamp(min=1e-4), math.inf)
    forward = x * per_pixel(scene.sun[:, 0]) + y * per_pixel(scene.sun[:, 1]) + z * per_pixel(scene.sun[:, 2])
    glow = (0.05 / (1.36 - 1.2 * forward) ** 1.5)[:, None] * per_picture(lit.sun)
    light = 0.55 * air + per_picture(lit.ambient + 0.25 * lit.sun) * (0.55 / math.pi)
    body = light.lerp(luminance(light)[:, None], _WHITENESS) + glow

    fade = ((math.sin(_HIGHEST) - z) / 0.08).clamp(0, 1)
    through = torch.ones_like(forward)[:, None]
    droplets = seen.new_zeros(1)
    edges = torch.logspace(math.log10(_NEAREST), math.log10(_FARTHEST), _STEPS + 1).tolist()
    for start, end in pairwise(edges):
        t = math.sqrt(start * end)
        scale = 0.011 * min(1.0, _WIDE / t)  # farther off banks would be too narrow to see
        field = noise(x * t * scale + a, y * t * scale + b)
        wisps = noise((x * t * scale + 0.2 * z) * 2.5 + b + 0.013 * t, y * t * scale * 2.5 + a)
        height = 1 + z * t
        top = _TOP[0] + _TOP[1] * torch.sigmoid(1.2 * wisps[SOFT]) * min(0.35 + t / 60, 1.6)
        patch = torch.sigmoid(4 * (field[SOFT] + 0.3 * wisps[SOFT] - 0.1)) * fade
        density = _DENSITY * patch * torch.sigmoid((top - height) / (0.22 * top))
        length = (to_ground.clamp(max=end) - start).clamp(min=0)
        opacity = (1 - torch.exp(-density * length))[:, None] * per_picture(scene.fog)
        shade = (0.82 + 0.22 * (height / top).clamp(0, 1))[:, None]
        droplets, through = droplets + through * opacity * shade * body, through * (1 - opacity)
    banks = seen[:, :, first:last] * through + droplets
    return torch.cat([seen[:, :, :first], banks, seen[:, :, last:]], 2)
