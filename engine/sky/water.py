"""Sea and lake: the sky mirrored in waves, with the sun's glitter path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .lighting import Light
from .noise import DETAIL, RIDGE, SOFT, WISP
from .parameters import Clouds, Ground
from .scene import Dome, Scene, luminance, per_picture, per_pixel

if TYPE_CHECKING:
    from .ground import Plane

_DEPTH = (0.016, 0.065, 0.085)
_BRIGHTEST_MIRRORED = 6.0  # the sun's disc is mirrored by the glitter path, not by single pixels


def water(scene: Scene, dome: Dome, lit: Light, plane: Plane, sky: Tensor, deck: Tensor) -> Tensor:
    """Radiance of water, [batch, 3, rows, width], from horizon to nadir. *deck* [batch] hides the sun's glitter."""
    sea = torch.maximum(scene.ground(Ground.SEA), scene.coast)
    lake, storm = scene.ground(Ground.LAKE), scene.clouds(Clouds.STORM)
    roughness = per_pixel(sea * (0.075 + 0.06 * storm) + lake * 0.009)
    near = plane.near
    swell = plane.swell()
    tilt_x = 1.2 * swell[WISP] * near**0.3 + 1.1 * plane.fine[WISP] * near + 0.5 * plane.coarse[WISP] * near**0.1
    tilt_y = 1.2 * swell[SOFT] * near**0.3 + plane.fine[DETAIL] * near + 0.5 * plane.coarse[SOFT] * near**0.1
    tilt_x, tilt_y = roughness * tilt_x, roughness * tilt_y

    facing = plane.x * tilt_x + plane.y * tilt_y + plane.z
    twice = 2 * facing / (1 + tilt_x.square() + tilt_y.square())
    x, y, z = plane.x - twice * tilt_x, plane.y - twice * tilt_y, (plane.z - twice).abs().clamp(min=0.004)
    mirrored = dome.look_up(sky.clamp(max=_BRIGHTEST_MIRRORED), x, y, z)
    # Real water mirrors 2 % of what is overhead; more keeps a lake a mirror and a sea at dusk from being black.
    least = per_pixel(0.16 * sea + 0.3 * lake)
    fresnel = (least + (0.97 - least) * (1 - (-facing).clamp(0, 1)) ** 5)[:, None]
    height = per_picture(scene.sun[:, 2:].clamp(0.05, 1))
    adapted = (0.3 / luminance(lit.ambient).clamp(min=1e-4)).sqrt().clamp(min=1)  # as the eye does, see ground
    body = (per_picture(lit.ambient * adapted[:, None]) * 1.2 + per_picture(lit.sun) * height * 0.5) / torch.pi
    crests = (swell[RIDGE] + 0.6 * plane.fine[WISP] * near) * near**0.3 * per_pixel(sea)
    body = body * sky.new_tensor(_DEPTH).view(1, 3, 1, 1) * (1 + 0.4 * crests).clamp(0.3, 2.5)[:, None]
    foam = torch.sigmoid(6 * (crests - per_pixel(1.9 - 1.0 * storm)))[:, None] * per_picture(sea) * 0.7

    # Glitter: how close the wave's normal is to the half vector between sun and viewer (Cox and Munk 1954).
    half_x, half_y = per_pixel(scene.sun[:, 0]) - plane.x, per_pixel(scene.sun[:, 1]) - plane.y
    half_z = (per_pixel(scene.sun[:, 2]) - plane.z).clamp(min=0.02)
    miss = (half_x / half_z - 1.2 * tilt_x).square() + (half_y / half_z - 1.2 * tilt_y).square()
    variance = per_pixel(sea * 0.011 + lake * 0.004 + 1e-3)
    sparkle = (0.6 + 0.8 * plane.fine[DETAIL].clamp(-0.8, 2) * near**0.5).clamp(min=0)
    glitter = torch.exp(-miss / (2 * variance)) / variance * sparkle * per_pixel((1 - deck) * scene.sun_up) * 0.007
    white = (per_picture(lit.ambient) + per_picture(lit.sun) * height) * (0.5 / torch.pi)
    surface = (mirrored * fresnel + body).lerp(white, foam)
    return surface + per_picture(lit.sun) * glitter[:, None] * (0.25 + fresnel)
