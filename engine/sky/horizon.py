"""What stands on the horizon: mountain ranges, a treeline, distant dunes, each paled by the air before it."""

import torch
from torch import Tensor

from .lighting import Light
from .noise import DETAIL, RIDGE, SOFT, WISP, NoiseAtlas
from .parameters import Ground
from .scene import Dome, Scene, per_picture, per_pixel

_AIR = (0.6, 0.4, 0.2)  # share of air light before each layer, far to near
_ROCK, _TREES, _SAND, _SNOW = (0.10, 0.10, 0.095), (0.028, 0.05, 0.022), (0.36, 0.23, 0.13), (0.75, 0.76, 0.78)
_SNOW_LINE = 0.12  # radians above the horizon


def silhouettes(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    """Draw the layers over *sky* [batch, 3, rows, width]; *air* [batch, 3, 1, width] is the light in front of them."""
    forest, desert = scene.ground(Ground.FOREST), scene.ground(Ground.DESERT)
    if not (scene.mountains + forest + desert).any():
        return sky
    east, north = dome.longitude[0].cos()[None], dome.longitude[0].sin()[None]
    facing = 0.55 - 0.45 * lit.turn.cos()  # slopes opposite the sun are lit, those below it are seen from behind
    for layer, air_share in enumerate(_AIR):
        a, b = ((scene.uniform(f"range {layer}", 2) * 5)[:, :, None]).unbind(1)
        spread = 0.035 + 0.01 * layer
        coarse = noise(east * spread + a, north * spread + b)
        crag = noise(east * 0.16 + b, north * 0.16 + a)[RIDGE]
        profile = 1.12 + 0.5 * coarse[RIDGE] + 0.4 * coarse[SOFT] + 0.12 * crag
        height = (0.24 - 0.065 * layer) * profile.clamp(min=0) * scene.mountains[:, None]
        if layer == len(_AIR) - 1:
            leaf = noise(east * 0.75 + b, north * 0.75 + a)
            trees = (0.075 + 0.03 * leaf[DETAIL] + 0.02 * coarse[WISP]) * forest[:, None]
            dunes = (0.03 + 0.03 * coarse[SOFT] + 0.008 * leaf[SOFT]).clamp(min=0) * desert[:, None]
            height = torch.maximum(height, torch.maximum(trees, dunes * (1 - scene.mountains[:, None])))
        height = height[:, None]
        # One tile of noise around the whole horizon: about a texel per pixel, so slopes are rough and not grainy.
        relief = noise(dome.longitude / (2 * torch.pi) + a[:, None], 2 * dome.elevation / (2 * torch.pi) + b[:, None])
        albedo = _albedo(scene, dome, relief[RIDGE])
        direct = per_picture(lit.sun) * (0.6 * facing * (1 + 0.3 * relief[RIDGE]).clamp(0.3, 1.6))[:, None]
        shade = (direct + per_picture(lit.ambient) * 0.7) / torch.pi * albedo
        share = per_picture((air_share * (1 - 0.6 * forest) + 0.2 * scene.haze).clamp(max=0.9))
        shade = shade.lerp(air * 0.9, share)
        mask = torch.sigmoid((height - dome.elevation[None]) / (0.5 * dome.pixel)) * (height > 1e-4)
        sky = sky.lerp(shade, mask[:, None])
    return sky


def _albedo(scene: Scene, dome: Dome, relief: Tensor) -> Tensor:
    forest, desert, snow = (scene.ground(kind) for kind in (Ground.FOREST, Ground.DESERT, Ground.SNOW))
    colour = relief.new_tensor
    albedo = colour(_ROCK).expand(len(scene), 3)
    albedo = albedo.lerp(colour(_TREES).expand_as(albedo), forest[:, None])
    albedo = per_picture(albedo.lerp(colour(_SAND).expand_as(albedo), desert[:, None]))
    capped = torch.sigmoid((dome.elevation[None] - _SNOW_LINE + 0.025 * relief) * 60)
    capped = torch.maximum(capped * per_pixel(scene.mountains * (1 - desert)), per_pixel(snow) * 0.9)
    return albedo.lerp(per_picture(colour(_SNOW)[None]), 0.85 * capped[:, None])
