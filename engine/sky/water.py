"""Sea and lake: the sky mirrored in waves, with the sun's glitter path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from .noise import DETAIL, SOFT, WISP
from .parameters import Clouds, Ground
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .waves import lean, wind_waves

if TYPE_CHECKING:
    from .ground import Plane, Surroundings

_STEEP, _STEEPER = 0.1, 0.08  # of the sea's waves, and by how much a storm's are
_DEPTH = (0.016, 0.065, 0.085)
_GLITTER = 0.4  # of the path of light that physics gives, which would outshine the sky
_SPREAD = 0.09  # radians; twice the deviation of the slopes of the finest ripples
_BRIGHTEST_MIRRORED = 6.0  # the sun's disc is mirrored by the glitter path, not by single pixels


def mirrorable(scene: Scene, dome: Dome, sky: Tensor) -> Tensor:
    """*sky* [batch, 3, rows, width] on *dome*, the whole upper half, as water mirrors it: without the brilliance of the
    sun's disc, in the colours that it has, and at sea without its edges."""
    sky = sky * (_BRIGHTEST_MIRRORED / sky.amax(1, keepdim=True)).clamp(max=1)
    at_sea = torch.maximum(scene.ground(Ground.SEA), scene.coast)
    return sky.lerp(_spread(sky, dome), per_picture(at_sea)) if at_sea.any() else sky


def _spread(sky: Tensor, dome: Dome) -> Tensor:
    """*sky* as waves finer than any pixel mirror it: a Gaussian over the sphere."""
    turns = torch.arange(dome.width // 2 + 1, device=sky.device) * (_SPREAD / dome.horizontal[0, :, :1])
    around = torch.fft.irfft(torch.fft.rfft(sky) * torch.exp(-0.5 * turns.square()), dome.width)
    reach = min(math.ceil(3 * _SPREAD / dome.pixel), dome.rows)
    beyond = around[:, :, :reach].flip(2).roll(dome.width // 2, 3)  # the zenith
    padded = pad(torch.cat([beyond, around], 2), (0, 0, 0, reach), mode="replicate")
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=sky.device) * (dome.pixel / _SPREAD)).square())
    kernel = (kernel / kernel.sum()).view(1, 1, -1, 1).expand(3, -1, -1, -1)
    return conv2d(padded, kernel, groups=3)


@dataclass(frozen=True)
class _Surface:
    """Of water, all [batch, rows, width]. x, y: slopes that mirror the sky; glints_x, glints_y: that glitter; ripples:
    variance, along an axis, of the slopes of what is finer; crests: how near to one."""

    x: Tensor
    y: Tensor
    glints_x: Tensor
    glints_y: Tensor
    ripples: Tensor
    crests: Tensor


def _sea(scene: Scene, plane: Plane) -> _Surface:
    near, toward = plane.near, -plane.z / plane.horizontal
    waves = wind_waves(scene, plane, _STEEP + _STEEPER * scene.clouds(Clouds.STORM))
    gusts = (1 + 0.25 * plane.coarse[SOFT] + 0.2 * plane.middle[SOFT] * near**0.3).clamp(0.3, 1.8)
    x = gusts * (waves.x + 0.012 * plane.fine[WISP] * near)
    y = gusts * (waves.y + 0.012 * plane.fine[DETAIL] * near)
    leans = lean(toward, waves.unseen * gusts.square()) / plane.horizontal
    return _Surface(x - leans * plane.x, y - leans * plane.y, x, y, waves.unseen, waves.crests)


def _lake(plane: Plane) -> _Surface:
    swell, near = plane.swell(), plane.near
    x = 1.2 * swell[WISP] * near**0.3 + 1.1 * plane.fine[WISP] * near + 0.5 * plane.coarse[WISP] * near**0.1
    y = 1.2 * swell[SOFT] * near**0.3 + plane.fine[DETAIL] * near + 0.5 * plane.coarse[SOFT] * near**0.1
    ripples = 0.0015 + 0.0038 * (1 - near**0.6)
    # Glints are steeper than what mirrors clouds: if it mirrored them so, it would be no lake.
    return _Surface(0.009 * x, 0.009 * y, 0.036 * x, 0.036 * y, ripples.expand_as(x), torch.zeros_like(x))


def _surface(scene: Scene, plane: Plane, sea: Tensor) -> _Surface:
    """Of each sky's own water; *sea* [batch] is 1 where that is one."""
    if sea.all():
        return _sea(scene, plane)
    if not sea.any():
        return _lake(plane)
    both = zip(vars(_lake(plane)).values(), vars(_sea(scene, plane)).values(), strict=True)
    return _Surface(*(lake.lerp(waves, per_pixel(sea)) for lake, waves in both))


def water(scene: Scene, plane: Plane, around: Surroundings) -> Tensor:
    """Radiance of water, [batch, 3, rows, width], from horizon to nadir."""
    lit, sky = around.lit, around.sky
    sea, storm = torch.maximum(scene.ground(Ground.SEA), scene.coast), scene.clouds(Clouds.STORM)
    seen = _surface(scene, plane, sea)
    facing = plane.x * seen.x + plane.y * seen.y + plane.z
    twice = 2 * facing / (1 + seen.x.square() + seen.y.square())
    x, y, z = plane.x - twice * seen.x, plane.y - twice * seen.y, (plane.z - twice).abs().clamp(min=0.004)
    mirrored = around.dome.look_up(sky, x, y, z)
    # Real water mirrors 2 % of what is overhead; more keeps a lake a mirror and a sea at dusk from being black.
    least = per_pixel(0.3 - 0.24 * sea)
    fresnel = _fresnel(least, -facing)[:, None]
    height = per_picture(scene.sun[:, 2:].clamp(0.05, 1))
    adapted = (0.3 / luminance(lit.ambient).clamp(min=1e-4)).sqrt().clamp(min=1)  # as the eye does, see ground
    body = (per_picture(lit.ambient * adapted[:, None]) * 1.2 + per_picture(lit.sun) * height * 0.5) / torch.pi
    depth = sky.new_tensor(_DEPTH).view(1, 3, 1, 1) * (1 + 0.3 * seen.crests).clamp(0.3, 2.5)[:, None]
    torn = (0.6 * plane.fine[WISP] + 0.25 * plane.fine[DETAIL]) * plane.near
    foam = torch.sigmoid(5 * (0.8 * seen.crests + 0.3 * plane.coarse[SOFT] + torn - 2))[:, None]
    foam = foam * per_picture(sea * storm) * 0.7
    white = (per_picture(lit.ambient) + per_picture(lit.sun) * height) * (0.5 / torch.pi)
    surface = (mirrored * fresnel + body * depth).lerp(white, foam)
    glitter = _glitter(scene, plane, seen, least)
    return surface + per_picture(around.shining) * glitter[:, None]


def _glitter(scene: Scene, plane: Plane, seen: _Surface, least: Tensor) -> Tensor:
    """Sun or moon mirrored by ripples on the waves that are *seen*, per irradiance, [batch, rows, width].

    As many as have their normal halfway between sun and viewer, seen foreshortened (Cox and Munk, "Measurement of the
    Roughness of the Sea Surface from Photographs of the Sun's Glitter", 1954, equation 9). So a low sun's path is
    narrow at the horizon, and brightest there.
    """
    half_x, half_y = per_pixel(scene.sun[:, 0]) - plane.x, per_pixel(scene.sun[:, 1]) - plane.y
    half_z = (per_pixel(scene.sun[:, 2]) - plane.z).clamp(min=0.02)
    length = (half_x.square() + half_y.square() + half_z.square()).sqrt()
    miss = (half_x / half_z - seen.glints_x).square() + (half_y / half_z - seen.glints_y).square()
    variance = seen.ripples + (0.5 * plane.pixel / half_z).square()
    density = torch.exp(-miss / (2 * variance)) / (2 * torch.pi * variance)
    foreshortened = (plane.z.square() + variance / (2 * torch.pi)).sqrt()  # waves hide each other's troughs
    mirrored = _fresnel(least, length / 2) * density * (length / half_z) ** 4 / (4 * foreshortened)
    sparkle = (0.6 + 0.8 * plane.fine[DETAIL].clamp(-0.8, 2) * plane.near**0.5).clamp(min=0)
    return _GLITTER * mirrored * sparkle


def _fresnel(least: Tensor, cosine: Tensor) -> Tensor:
    """Share of light that is mirrored, of *least* head-on (Schlick 1994)."""
    return least + (0.97 - least) * (1 - cosine.clamp(0, 1)) ** 5
