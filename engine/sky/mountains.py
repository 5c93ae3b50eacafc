"""Mountains around the viewer: a terrain of ridged noise, seen by marching outwards in each column.

The terrain is Musgrave's ridged multifractal (Ebert et al., "Texturing and Modeling", chapter 16): ridges of several
octaves, each as rough as what it stands on is high. A column's rays meet it where its elevation, seen from the middle,
first reaches theirs, so one running maximum along the column finds what all its pixels see.

Lengths are in units of the distance at which the foothills begin.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .coast import land_share
from .lighting import Light
from .noise import RIDGE, SOFT, WISP, NoiseAtlas
from .parameters import Ground
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .slopes import LEAST_LIGHT, ROCK, SAND, SNOW, TREES, air_share, colour, with_gap

HIGHEST = math.radians(32)  # no mountain reaches it
_PEAK = (math.radians(16), math.radians(29))
_NEAR, _FAR, _STEPS = 1.0, 5.0, 160
_MAIN_RANGE = 3.0  # from here on mountains have their whole height
_OCTAVES = ((0.05, 0.3), (0.13, 0.075), (0.4, 0.022), (1.3, 0.007))  # tiles of noise per unit, amplitude
_SURVEYED = 256  # columns in which the highest mountain is looked for, at every size the same
_SUBROWS = (-0.33, 0.0, 0.33)  # of a pixel: ridges before each other have smooth edges
_SHADOW_STEPS = (0.06, 0.15, 0.35)  # towards the sun
_AIR = (0.04, 0.075)  # share of air light before the foothills, and how it grows with each unit


@dataclass(frozen=True)
class _Terrain:
    """Heights over the plane; ``scale`` [batch, 1, 1] makes the highest mountain as high as it is to be."""

    noise: NoiseAtlas
    place: Tensor  # [batch, 2, 1, 1] in tiles
    scale: Tensor

    def height(self, x: Tensor, y: Tensor, footprint: Tensor | float, octaves: int = len(_OCTAVES)) -> Tensor:
        """At *x*, *y*, [batch, n, width]. footprint: what a pixel covers there, which smooths finer waves away."""
        a, b = self.place.unbind(1)
        far = (x * x + y * y).sqrt()
        rise = ((far - _NEAR) / (_MAIN_RANGE - _NEAR)).clamp(0, 1)
        (tiles, amplitude), *finer = _OCTAVES[:octaves]
        coarse = self.noise(x * tiles + a, y * tiles + b)
        height = (0.45 + amplitude * coarse[RIDGE] + 0.3 * coarse[SOFT]).clamp(min=0.04)
        for tiles, amplitude in finer:
            x, y = 0.8 * x - 0.6 * y, 0.6 * x + 0.8 * y
            seen = 1 / (1 + (30 * tiles * footprint) ** 4)
            ridge = self.noise(x * tiles + b, y * tiles + a)[RIDGE]
            height = height + amplitude * seen * ridge * height.clamp(0, 1)
        return self.scale * rise * rise * (3 - 2 * rise) * height.clamp(min=0)


def mountains(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    """Draw them over *sky* [batch, 3, rows, width]; *air* [batch, 3, 1, width] is the light in front of them."""
    distance = torch.logspace(math.log10(_NEAR), math.log10(_FAR), _STEPS, device=sky.device)[:, None]
    terrain = _surveyed(scene, noise, distance)
    turn = dome.longitude[:1]
    elevation = terrain.height(distance * turn.cos(), distance * turn.sin(), dome.pixel * distance)
    elevation = (elevation / distance).atan() * land_share(scene, dome)
    skyline = with_gap(scene, lit, elevation).cummax(1).values.transpose(1, 2).contiguous()  # [batch, width, steps]
    top = skyline[..., -1:].transpose(1, 2)
    within = [dome.elevation[None] + share * dome.pixel for share in _SUBROWS]
    shown = [_shaded(scene, dome, lit, terrain, _met(skyline, torch.minimum(rise, top)), air) for rise in within]
    mask = torch.sigmoid((top - dome.elevation[None]) / (0.5 * dome.pixel)) * (top > 1e-4)
    return sky.lerp(torch.stack(shown).mean(0), (mask * per_pixel(scene.mountains))[:, None])


def _met(skyline: Tensor, rise: Tensor) -> Tensor:
    """How far away the terrain reaches the elevations *rise* [batch, rows, width], none above the last *skyline*.

    skyline: [batch, width, steps], the highest elevation of all that is no farther than each step.
    """
    step = torch.searchsorted(skyline, rise.transpose(1, 2).contiguous()).clamp(1, _STEPS - 1)
    before, behind = (skyline.gather(2, at).transpose(1, 2) for at in (step - 1, step))
    between = ((rise - before) / (behind - before).clamp(min=1e-6)).clamp(0, 1)
    return _NEAR * (_FAR / _NEAR) ** ((step.transpose(1, 2) - 1 + between) / (_STEPS - 1))


def _surveyed(scene: Scene, noise: NoiseAtlas, distance: Tensor) -> _Terrain:
    """The terrain, its highest mountain as high in the sky as is drawn by lot for this sky."""
    place = (scene.uniform("range", 2) * 5)[:, :, None, None]
    terrain = _Terrain(noise, place, torch.ones_like(place[:, 0]))
    turn = torch.arange(_SURVEYED, device=distance.device) * (2 * math.pi / _SURVEYED)
    steepest = (terrain.height(distance * turn.cos(), distance * turn.sin(), 0.01) / distance).amax((1, 2))
    low, high = _PEAK
    return _Terrain(noise, place, per_pixel((low + (high - low) * scene.uniform("height")).tan() / steepest))


def _shaded(scene: Scene, dome: Dome, lit: Light, terrain: _Terrain, far: Tensor, air: Tensor) -> Tensor:
    """Radiance [batch, 3, rows, width] of what is seen as *far* as that [batch, rows, width], through the air."""
    x, y = far * dome.longitude[None].cos(), far * dome.longitude[None].sin()
    footprint = dome.pixel * far
    height = terrain.height(x, y, footprint)
    slopes = [
        (terrain.height(x + dx * footprint, y + dy * footprint, footprint) - height) / footprint
        for dx, dy in ((1, 0), (0, 1))
    ]
    up = (1 + slopes[0] ** 2 + slopes[1] ** 2).rsqrt()
    east, north, above = (per_pixel(axis) for axis in scene.sun.unbind(1))
    facing = ((above - slopes[0] * east - slopes[1] * north) * up + 0.1).clamp(min=0) / 1.1
    shadow = torch.zeros_like(far)
    for reach in _SHADOW_STEPS:
        blocker = terrain.height(x + reach * east, y + reach * north, footprint, octaves=3)
        shadow = torch.maximum(shadow, torch.sigmoid((blocker - height - reach * above - 0.02) * 60))
    direct = per_picture(lit.sun) * (facing * (1 - 0.85 * shadow))[:, None]
    relative = height / terrain.scale.mul(0.9)
    open_sky = ((0.5 + 0.5 * up) * (0.6 + 0.5 * relative.clamp(0, 1)))[:, None]
    least = (LEAST_LIGHT / luminance(lit.ambient).clamp(min=1e-4)).clamp(min=1)
    shade = (direct + per_picture(lit.ambient) * per_picture(least) * open_sky) / math.pi
    shade = shade * _albedo(scene, terrain, (x, y), relative, up)
    before = air_share(scene, _AIR[0] + _AIR[1] * (far - _NEAR))
    return shade.lerp(air * 0.75, before)


def _albedo(scene: Scene, terrain: _Terrain, place: tuple[Tensor, Tensor], height: Tensor, up: Tensor) -> Tensor:
    """Woods below, rock where it is steep, snow above and on all that is not steep where the ground has it too."""
    desert, snowy = (per_pixel(scene.ground(kind)) for kind in (Ground.DESERT, Ground.SNOW))
    x, y = place
    patchy = terrain.noise(2.1 * x, 2.1 * y)[WISP]
    steep = torch.sigmoid((0.42 - up + 0.05 * patchy) * 16)
    wooded = torch.sigmoid((0.3 - height + 0.05 * patchy) * 22) * (1 - 0.8 * steep) * (1 - desert) * (1 - snowy)
    capped = torch.sigmoid((height - 0.42 + 0.07 * patchy) * 16) * (1 - desert)
    capped = torch.maximum(capped, 0.95 * snowy) * (1 - 0.85 * steep)
    rock = colour(up, ROCK).lerp(colour(up, SAND), per_picture(scene.ground(Ground.DESERT)))
    rock = rock * (1 + 0.15 * patchy).clamp(0.5, 1.5)[:, None]
    return rock.lerp(colour(up, TREES), 0.85 * wooded[:, None]).lerp(colour(up, SNOW), 0.92 * capped[:, None])
