"""What stands on the horizon, far to near: mountains or hills, a forest, dunes, a lake's shore; paled by the air."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from .coast import land_share
from .lighting import Light
from .noise import DETAIL, RIDGE, SOFT, WISP, NoiseAtlas
from .parameters import Ground
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .trees import crowns

_HIGHEST = math.radians(32)
_AIR = (0.26, 0.13, 0.04)  # share of air light before each layer, far to near
_LAYER_HEIGHTS = (1.0, 0.62, 0.34)
_MOUNTAIN_HEIGHT, _HILL_HEIGHT = (math.radians(16), math.radians(29)), (math.radians(5), math.radians(9))
_SHORE_HEIGHT = math.radians(2.2)
_ROCK, _TREES, _SAND, _SNOW = (0.085, 0.088, 0.10), (0.028, 0.05, 0.022), (0.36, 0.23, 0.13), (0.72, 0.74, 0.78)
_MEADOW = (0.06, 0.095, 0.028)
# Rows of trees: name, trees around the horizon, tallest in radians, share of air light.
_ROWS = (
    ("far", 200, math.radians(5), 0.28),
    ("middle", 130, math.radians(8), 0.14),
    ("near", 76, math.radians(12), 0.03),
)
_GAP = math.radians(15)  # in which less stands before a low sun
_LEAST_LIGHT = 0.075  # luminance that the shade of a slope is raised to, so that night is not a black cut-out


def silhouettes(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    """Draw the layers over *sky* [batch, 3, rows, width]; *air* [batch, 3, 1, width] is the light in front of them."""
    lake, desert, forest = (scene.ground(kind) for kind in (Ground.LAKE, Ground.DESERT, Ground.FOREST))
    if not (scene.mountains + scene.hills + desert + lake + forest + scene.coast).any():
        return sky
    dome = dome.below(_HIGHEST)
    if not dome.rows:
        return sky
    above, low = sky[:, :, : -dome.rows], sky[:, :, -dome.rows :]
    lit = replace(lit, turn=lit.turn[:, -dome.rows :])
    if (scene.mountains + scene.hills + desert + lake + scene.coast).any():
        low = _ranges(scene, dome, lit, noise, low, air)
    if forest.any():
        low = _forest(scene, dome, lit, noise, low, air)
    return torch.cat([above, low], 2)


def _ranges(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    lake, desert = scene.ground(Ground.LAKE)[:, None], scene.ground(Ground.DESERT)[:, None]
    mountains, hills = scene.mountains[:, None], scene.hills[:, None]
    east, north = dome.longitude[0].cos()[None], dome.longitude[0].sin()[None]
    draw = scene.uniform("height", 1)
    peak, knoll = (low + (high - low) * draw for low, high in (_MOUNTAIN_HEIGHT, _HILL_HEIGHT))
    flat = (1 - mountains) * (1 - hills)
    land = land_share(scene, dome)[:, 0]
    for layer, (air_share, relative) in enumerate(zip(_AIR, _LAYER_HEIGHTS, strict=True)):
        a, b = ((scene.uniform(f"range {layer}", 2) * 5)[:, :, None]).unbind(1)
        spread = 0.035 + 0.01 * layer
        coarse = noise(east * spread + a, north * spread + b)
        middle = noise(east * 0.11 + b, north * 0.11 + a)
        crag = noise(east * 0.3 + a, north * 0.3 + b)
        jagged = 0.2 + _unit(coarse[RIDGE] + 0.5 * coarse[SOFT] + 0.35 * middle[RIDGE]) ** 0.6 + 0.035 * crag[RIDGE]
        rolling = 0.4 + 0.8 * _unit(coarse[SOFT] + 0.3 * middle[SOFT])
        height = relative / 1.2 * (peak * mountains * jagged + knoll * hills * rolling)
        if layer == len(_AIR) - 1:
            dunes = (0.03 + 0.03 * coarse[SOFT] + 0.008 * crag[SOFT]).clamp(min=0) * desert * flat
            shore = (
                _SHORE_HEIGHT
                * (0.75 + 0.3 * coarse[SOFT] + 0.14 * crag[DETAIL]).clamp(min=0)
                * torch.maximum(lake, scene.coast[:, None])
            )
            height = torch.maximum(height, torch.maximum(dunes, shore))
        height = _with_gap(scene, lit, (height.clamp(min=0) * land)[:, None])
        # One tile of noise around the whole horizon: about a texel per pixel, so slopes are rough and not grainy.
        relief = noise(dome.longitude / (2 * math.pi) + a[:, None], 2 * dome.elevation / (2 * math.pi) + b[:, None])
        relief = relief[RIDGE]
        albedo = _albedo(scene, dome, relief, per_pixel(peak[:, 0]), shore=layer == len(_AIR) - 1)
        shade = _shade(lit, albedo, relief, 0.8).lerp(air * 0.75, _air_share(scene, air_share))
        mask = torch.sigmoid((height - dome.elevation[None]) / (0.5 * dome.pixel)) * (height > 1e-4)
        sky = sky.lerp(shade, mask[:, None])
    return sky


def _forest(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    turn = dome.longitude[None] / (2 * math.pi)
    leaves = noise(turn + per_pixel(scene.uniform("leaves")), dome.elevation[None] / math.pi)[WISP]
    leafy = _colour(sky, _TREES) * (1 + 0.35 * leaves).clamp(0.3, 2)[:, None]
    forest = per_pixel(scene.ground(Ground.FOREST))
    for row, count, tallest, air_share in _ROWS:
        top = _with_gap(scene, lit, crowns(scene, dome, row, count, tallest) * land_share(scene, dome))
        shade = _shade(lit, leafy, leaves, 0.6).lerp(air * 0.9, _air_share(scene, air_share))
        mask = torch.sigmoid((top - dome.elevation[None]) / (0.5 * dome.pixel)) * forest
        sky = sky.lerp(shade, mask[:, None])
    return sky


def _with_gap(scene: Scene, lit: Light, heights: Tensor) -> Tensor:
    """*heights* [batch, rows or 1, width], radians, lower where they would hide the sun or the moon: whoever asks for
    a sunset in the mountains wants to see it, and Skyloom's light stage puts the disc there."""
    seen_above = per_pixel(torch.deg2rad(scene.sun_elevation - scene.gap).clamp(min=0))
    near = (-((lit.turn[:, :1].abs() / _GAP) ** 2.5)).exp() * per_pixel(scene.disc_seen)
    return torch.minimum(heights, heights.lerp(seen_above, near))


def _unit(profile: Tensor) -> Tensor:
    """Stretch a profile around the horizon to [0, 1]: so every range has its peak and its pass."""
    low, high = profile.amin(-1, keepdim=True), profile.amax(-1, keepdim=True)
    return (profile - low) / (high - low).clamp(min=1e-6)


def _shade(lit: Light, albedo: Tensor, relief: Tensor, roughness: float) -> Tensor:
    """Radiance of slopes: lit opposite the sun, seen from behind below it."""
    facing = 0.6 - 0.4 * lit.turn.cos()
    direct = per_picture(lit.sun) * (0.6 * facing * (1 + roughness * 0.5 * relief).clamp(0.25, 1.6))[:, None]
    fill = per_picture(lit.ambient) * (1 + 0.2 * relief).clamp(0.5, 1.5)[:, None]
    least = (_LEAST_LIGHT / luminance(lit.ambient).clamp(min=1e-4)).clamp(min=1)
    return (direct + fill * per_picture(least)) / math.pi * albedo


def _air_share(scene: Scene, share: float) -> Tensor:
    return per_picture((share + 0.35 * scene.haze + 0.12 * scene.mist).clamp(max=0.9))


def _colour(like: Tensor, rgb: tuple[float, float, float]) -> Tensor:
    return like.new_tensor(rgb).view(1, 3, 1, 1)


def _albedo(scene: Scene, dome: Dome, relief: Tensor, peak: Tensor, shore: bool) -> Tensor:
    """Rock with snow above about half of the highest *peak* [batch, 1, 1]; green hills, sand, or a wooded shore."""
    desert, snow = (per_picture(scene.ground(kind)) for kind in (Ground.DESERT, Ground.SNOW))
    albedo = (
        _colour(relief, _ROCK)
        .lerp(_colour(relief, _MEADOW), per_picture(scene.hills))
        .lerp(_colour(relief, _SAND), desert)
    )
    if shore:
        albedo = albedo.lerp(_colour(relief, _TREES), per_picture(scene.ground(Ground.LAKE)))
    capped = torch.sigmoid((dome.elevation[None] / peak - 0.7 + 0.22 * relief) * 14)[:, None]
    capped = torch.maximum(capped * per_picture(scene.mountains) * (1 - desert), snow * 0.85)
    return albedo.lerp(_colour(relief, _SNOW), 0.92 * capped)
