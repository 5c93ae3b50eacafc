"""What stands on the horizon, far to near: mountains, hills, dunes or a lake's shore, a forest; paled by the air."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from .coast import land_share
from .lighting import Light
from .noise import DETAIL, RIDGE, SOFT, WISP, NoiseAtlas
from .parameters import Ground
from .scene import Dome, Scene, per_picture, per_pixel
from .slopes import ROCK, SAND, SNOW, TREES, air_share, colour, skylight, with_gap
from .terrain import HIGHEST, terrain
from .trees import crowns

_SHORE_HEIGHT = math.radians(2.2)
_SHORE_AIR = 0.04  # share of air light before it
# Rows of trees: name, trees around the horizon, tallest in radians, share of air light.
_ROWS = (
    ("far", 320, math.radians(5), 0.28),
    ("middle", 220, math.radians(8), 0.14),
    ("near", 140, math.radians(12), 0.03),
)


def silhouettes(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    """Draw the layers over *sky* [batch, 3, rows, width]; *air* [batch, 3, 1, width] is the light in front of them."""
    lake, desert, forest = (scene.ground(kind) for kind in (Ground.LAKE, Ground.DESERT, Ground.FOREST))
    if not (scene.mountains + scene.hills + desert + lake + forest + scene.coast).any():
        return sky
    dome = dome.below(HIGHEST)
    if not dome.rows:
        return sky
    above, low = sky[:, :, : -dome.rows], sky[:, :, -dome.rows :]
    lit = replace(lit, turn=lit.turn[:, -dome.rows :])
    low = terrain(scene, dome, lit, noise, low, air)
    if (desert + lake + scene.coast).any():
        low = _shores(scene, dome, lit, noise, low, air)
    if forest.any():
        low = _forest(scene, dome, lit, noise, low, air)
    return torch.cat([above, low], 2)


def _shores(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    """A desert's dunes, the shore of a lake, or the land behind a coast."""
    lake, desert = scene.ground(Ground.LAKE)[:, None], scene.ground(Ground.DESERT)[:, None]
    east, north = dome.longitude[0].cos()[None], dome.longitude[0].sin()[None]
    flat = (1 - scene.mountains[:, None]) * (1 - scene.hills[:, None])
    a, b = ((scene.uniform("shore", 2) * 5)[:, :, None]).unbind(1)
    coarse = noise(east * 0.055 + a, north * 0.055 + b)[SOFT]
    fine = noise(east * 0.3 + a, north * 0.3 + b)
    dunes = (0.03 + 0.03 * coarse + 0.008 * fine[SOFT]).clamp(min=0) * desert * flat
    shore = (0.75 + 0.3 * coarse + 0.14 * fine[DETAIL]).clamp(min=0) * torch.maximum(lake, scene.coast[:, None])
    height = torch.maximum(dunes, _SHORE_HEIGHT * shore) * land_share(scene, dome)[:, 0]
    height = with_gap(scene, dome, lit, height[:, None])
    # One tile of noise around the whole horizon: about a texel per pixel, so slopes are rough and not grainy.
    relief = noise(dome.longitude / (2 * math.pi) + a[:, None], 2 * dome.elevation / (2 * math.pi) + b[:, None])[RIDGE]
    shade = _shade(lit, _albedo(scene, relief), relief, 0.8).lerp(air * 0.75, air_share(scene, _SHORE_AIR))
    mask = torch.sigmoid((height - dome.elevation[None]) / (0.5 * dome.pixel)) * (height > 1e-4)
    return sky.lerp(shade, mask[:, None])


def _forest(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    turn = dome.longitude[None] / (2 * math.pi)
    turn, rise = turn + per_pixel(scene.uniform("leaves")), dome.elevation[None] / math.pi
    leaves = 0.6 * (noise(turn, rise)[WISP] + noise(5 * turn, 5 * rise)[WISP])
    leafy = colour(sky, TREES) * (1 + 0.35 * leaves).clamp(0.3, 2)[:, None]
    forest = per_pixel(scene.ground(Ground.FOREST))
    for row, count, tallest, share in _ROWS:
        top = with_gap(scene, dome, lit, crowns(scene, dome, row, count, tallest) * land_share(scene, dome))
        shade = _shade(lit, leafy, leaves, 0.6).lerp(air * 0.9, air_share(scene, share))
        mask = torch.sigmoid((top - dome.elevation[None]) / (0.5 * dome.pixel)) * forest
        sky = sky.lerp(shade, mask[:, None])
    return sky


def _shade(lit: Light, albedo: Tensor, relief: Tensor, roughness: float) -> Tensor:
    """Radiance of slopes: lit opposite the sun, seen from behind below it."""
    facing = 0.6 - 0.4 * lit.turn.cos()
    direct = per_picture(lit.sun) * (0.6 * facing * (1 + roughness * 0.5 * relief).clamp(0.25, 1.6))[:, None]
    fill = skylight(lit) * (1 + 0.2 * relief).clamp(0.5, 1.5)[:, None]
    return (direct + fill) / math.pi * albedo


def _albedo(scene: Scene, relief: Tensor) -> Tensor:
    """Sand, a wooded shore, or rock; snow where the ground has it."""
    desert, lake, snow = (per_picture(scene.ground(kind)) for kind in (Ground.DESERT, Ground.LAKE, Ground.SNOW))
    albedo = colour(relief, ROCK).lerp(colour(relief, SAND), desert).lerp(colour(relief, TREES), lake)
    return albedo.lerp(colour(relief, SNOW), 0.78 * snow)
