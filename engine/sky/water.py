"""Sea and lake: the sky mirrored in waves, with the sun's glitter path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .noise import DETAIL, RIDGE, SOFT, WISP
from .parameters import Clouds, Ground
from .scene import Scene, luminance, per_picture, per_pixel

if TYPE_CHECKING:
    from .ground import Plane, Surroundings

_DEPTH = (0.016, 0.065, 0.085)
_GLITTER = 0.4  # of the path of light that physics gives, which would outshine the sky
_BRIGHTEST_MIRRORED = 6.0  # the sun's disc is mirrored by the glitter path, not by single pixels


def mirrorable(sky: Tensor) -> Tensor:
    """*sky* [batch, 3, rows, width] without the brilliance of the sun's disc, in the colours that it has."""
    return sky * (_BRIGHTEST_MIRRORED / sky.amax(1, keepdim=True)).clamp(max=1)


def water(scene: Scene, plane: Plane, around: Surroundings) -> Tensor:
    """Radiance of water, [batch, 3, rows, width], from horizon to nadir."""
    lit, sky = around.lit, around.sky
    sea = torch.maximum(scene.ground(Ground.SEA), scene.coast)
    lake, storm = scene.ground(Ground.LAKE), scene.clouds(Clouds.STORM)
    roughness = per_pixel(sea * (0.075 + 0.06 * storm) + lake * 0.009)
    near = plane.near
    swell = plane.swell()
    wave_x = 1.2 * swell[WISP] * near**0.3 + 1.1 * plane.fine[WISP] * near + 0.5 * plane.coarse[WISP] * near**0.1
    wave_y = 1.2 * swell[SOFT] * near**0.3 + plane.fine[DETAIL] * near + 0.5 * plane.coarse[SOFT] * near**0.1
    tilt_x, tilt_y = roughness * wave_x, roughness * wave_y

    facing = plane.x * tilt_x + plane.y * tilt_y + plane.z
    twice = 2 * facing / (1 + tilt_x.square() + tilt_y.square())
    x, y, z = plane.x - twice * tilt_x, plane.y - twice * tilt_y, (plane.z - twice).abs().clamp(min=0.004)
    mirrored = around.dome.look_up(sky, x, y, z)
    # Real water mirrors 2 % of what is overhead; more keeps a lake a mirror and a sea at dusk from being black.
    least = per_pixel(0.16 * sea + 0.3 * lake)
    fresnel = _fresnel(least, -facing)[:, None]
    height = per_picture(scene.sun[:, 2:].clamp(0.05, 1))
    adapted = (0.3 / luminance(lit.ambient).clamp(min=1e-4)).sqrt().clamp(min=1)  # as the eye does, see ground
    body = (per_picture(lit.ambient * adapted[:, None]) * 1.2 + per_picture(lit.sun) * height * 0.5) / torch.pi
    crests = (swell[RIDGE] + 0.6 * plane.fine[WISP] * near) * near**0.3 * per_pixel(sea)
    body = body * sky.new_tensor(_DEPTH).view(1, 3, 1, 1) * (1 + 0.4 * crests).clamp(0.3, 2.5)[:, None]
    foam = torch.sigmoid(6 * (crests - per_pixel(1.9 - 1.0 * storm)))[:, None] * per_picture(sea) * 0.7

    steepness = 1.2 * roughness + per_pixel(0.025 * lake)  # of a lake; if it mirrored clouds so, it would be none
    glitter = _glitter(scene, plane, (wave_x, wave_y), steepness, least)
    white = (per_picture(lit.ambient) + per_picture(lit.sun) * height) * (0.5 / torch.pi)
    surface = (mirrored * fresnel + body).lerp(white, foam)
    return surface + per_picture(around.shining) * glitter[:, None]


def _glitter(scene: Scene, plane: Plane, waves: tuple[Tensor, Tensor], steepness: Tensor, least: Tensor) -> Tensor:
    """Sun or moon mirrored by ripples on *waves* of this *steepness*, per irradiance, [batch, rows, width].

    As many as have their normal halfway between sun and viewer, seen foreshortened (Cox and Munk, "Measurement of the
    Roughness of the Sea Surface from Photographs of the Sun's Glitter", 1954, equation 9). So a low sun's path is
    narrow at the horizon, and brightest there. Far off, waves are finer than pixels, as ripples are.
    """
    half_x, half_y = per_pixel(scene.sun[:, 0]) - plane.x, per_pixel(scene.sun[:, 1]) - plane.y
    half_z = (per_pixel(scene.sun[:, 2]) - plane.z).clamp(min=0.02)
    length = (half_x.square() + half_y.square() + half_z.square()).sqrt()
    miss = (half_x / half_z - steepness * waves[0]).square() + (half_y / half_z - steepness * waves[1]).square()
    ripples = per_pixel(0.012 - 0.0105 * scene.ground(Ground.LAKE))
    far = 2.9 * steepness.square() * (1 - plane.near**0.6)
    variance = ripples + far + (0.5 * plane.pixel / half_z).square()
    density = torch.exp(-miss / (2 * variance)) / (2 * torch.pi * variance)
    foreshortened = (plane.z.square() + variance / (2 * torch.pi)).sqrt()  # waves hide each other's troughs
    mirrored = _fresnel(least, length / 2) * density * (length / half_z) ** 4 / (4 * foreshortened)
    sparkle = (0.6 + 0.8 * plane.fine[DETAIL].clamp(-0.8, 2) * plane.near**0.5).clamp(min=0)
    return _GLITTER * mirrored * sparkle


def _fresnel(least: Tensor, cosine: Tensor) -> Tensor:
    """Share of light that is mirrored, of *least* head-on (Schlick 1994)."""
    return least + (0.97 - least) * (1 - cosine.clamp(0, 1)) ** 5
