"""Mountains or hills around the viewer: a terrain of noise, seen by marching outwards in each column.

Mountains are Musgrave's ridged multifractal (Ebert et al., "Texturing and Modeling", chapter 16): ridges of several
octaves, each as rough as what it stands on is high. A column's rays meet them where their elevation, seen from the
middle, first reaches the ray's, so one running maximum along the column finds what all its pixels see.

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
from .scene import Dome, Scene, per_picture, per_pixel
from .slopes import ROCK, SAND, SNOW, TREES, air_share, colour, skylight, with_gap

_NEAR, _FAR, _STEPS = 1.0, 5.0, 112
_MAIN_RANGE = 3.0  # from here on the terrain has its whole height
_COLUMNS = 1024  # that are marched through at once
_SURVEYED = 256  # columns in which the highest place is looked for, at every size the same
_BETWEEN = math.radians(3)  # by which one between these may be higher
_SUBROWS = (-0.33, 0.0, 0.33)  # of a pixel: ridges before each other have smooth edges
_SHADOW_STEPS = (0.06, 0.15, 0.35)  # towards the sun
_AIR = (0.04, 0.075)  # share of air light before the foothills, and how it grows with each unit
_MEADOW = (0.06, 0.095, 0.028)


@dataclass(frozen=True)
class _Kind:
    """``peak``: how high the highest place may stand, radians. ``ridged``, ``soft``: amplitudes of the largest waves;
    ``finer``: tiles of noise per unit and amplitude of smaller ones. ``alpine``: of rock, with snow above.
    """

    peak: tuple[float, float]
    tiles: float
    ridged: float
    soft: float
    finer: tuple[tuple[float, float], ...]
    alpine: bool


_MOUNTAINS = _Kind(
    peak=(math.radians(16), math.radians(29)),
    tiles=0.05,
    ridged=0.3,
    soft=0.3,
    finer=((0.13, 0.075), (0.4, 0.022), (1.3, 0.007)),
    alpine=True,
)
_HILLS = _Kind(
    peak=(math.radians(5), math.radians(9)),
    tiles=0.07,
    ridged=0.03,
    soft=0.3,
    finer=((0.2, 0.03), (1.5, 0.006), (5.0, 0.004)),
    alpine=False,
)

HIGHEST = _MOUNTAINS.peak[1] + _BETWEEN


@dataclass(frozen=True)
class _Terrain:
    """Heights over the plane; ``scale`` [batch, 1, 1] makes the highest place as high as it is to be."""

    kind: _Kind
    noise: NoiseAtlas
    place: Tensor  # [batch, 2, 1, 1] in tiles
    scale: Tensor

    def height(self, x: Tensor, y: Tensor, footprint: Tensor | float, finer: int | None = None) -> Tensor:
        """At *x*, *y*, [batch, n, width]. footprint: what a pixel covers there, which smooths finer waves away. finer:
        of how many of these it is made; all by default."""
        a, b = self.place.unbind(1)
        far = (x * x + y * y).sqrt()
        rise = ((far - _NEAR) / (_MAIN_RANGE - _NEAR)).clamp(0, 1)
        kind = self.kind
        coarse = self.noise(x * kind.tiles + a, y * kind.tiles + b)
        height = (0.45 + kind.ridged * coarse[RIDGE] + kind.soft * coarse[SOFT]).clamp(min=0.04)
        for tiles, amplitude in kind.finer[:finer]:
            x, y = 0.8 * x - 0.6 * y, 0.6 * x + 0.8 * y
            seen = 1 / (1 + (30 * tiles * footprint) ** 4)
            ridge = self.noise(x * tiles + b, y * tiles + a)[RIDGE]
            height = height + amplitude * seen * ridge * height.clamp(0, 1)
        return self.scale * rise * rise * (3 - 2 * rise) * height.clamp(min=0)


def terrain(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor) -> Tensor:
    """Draw mountains and hills over *sky* [batch, 3, rows, width]; *air* [batch, 3, 1, width] is the light in front."""
    for kind, there in ((_MOUNTAINS, scene.mountains), (_HILLS, scene.hills)):
        low = dome.below(kind.peak[1] + _BETWEEN)
        if there.any() and low.rows:
            shown, mask = _seen(kind, scene, low, lit, noise, air)
            above, behind = sky[:, :, : -low.rows], sky[:, :, -low.rows :]
            sky = torch.cat([above, behind.lerp(shown, (mask * per_pixel(there))[:, None])], 2)
    return sky


def _seen(kind: _Kind, scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, air: Tensor) -> tuple[Tensor, Tensor]:
    """Radiance [batch, 3, rows, width] of a *kind*, and its opacity [batch, rows, width]."""
    distance = torch.logspace(math.log10(_NEAR), math.log10(_FAR), _STEPS, device=air.device)[:, None]
    land = _surveyed(kind, scene, noise, distance)
    heights = [
        land.height(distance * turn.cos(), distance * turn.sin(), dome.pixel * distance)
        for turn in dome.longitude[:1].split(_COLUMNS, 1)
    ]
    elevation = (torch.cat(heights, 2) / distance).atan() * land_share(scene, dome)
    highest = with_gap(scene, dome, lit, elevation).cummax(1).values
    skyline = highest.transpose(1, 2).contiguous()  # [batch, width, steps]
    top = skyline[..., -1:].transpose(1, 2)
    within = [dome.elevation[None] + share * dome.pixel for share in _SUBROWS]
    shown = [_shaded(scene, dome, lit, land, _met(skyline, torch.minimum(rise, top)), air) for rise in within]
    mask = torch.sigmoid((top - dome.elevation[None]) / (0.5 * dome.pixel)) * (top > 1e-4)
    return torch.stack(shown).mean(0), mask


def _met(skyline: Tensor, rise: Tensor) -> Tensor:
    """How far away the terrain reaches the elevations *rise* [batch, rows, width], none above the last *skyline*.

    skyline: [batch, width, steps], the highest elevation of all that is no farther than each step.
    """
    step = torch.searchsorted(skyline, rise.transpose(1, 2).contiguous()).clamp(1, _STEPS - 1)
    before, behind = (skyline.gather(2, at).transpose(1, 2) for at in (step - 1, step))
    between = ((rise - before) / (behind - before).clamp(min=1e-6)).clamp(0, 1)
    return _NEAR * (_FAR / _NEAR) ** ((step.transpose(1, 2) - 1 + between) / (_STEPS - 1))


def _surveyed(kind: _Kind, scene: Scene, noise: NoiseAtlas, distance: Tensor) -> _Terrain:
    """The terrain, its highest place as high in the sky as is drawn by lot for this sky."""
    place = (scene.uniform("range", 2) * 5)[:, :, None, None]
    land = _Terrain(kind, noise, place, torch.ones_like(place[:, 0]))
    turn = torch.arange(_SURVEYED, device=distance.device) * (2 * math.pi / _SURVEYED)
    steepest = (land.height(distance * turn.cos(), distance * turn.sin(), 0.01) / distance).amax((1, 2))
    low, high = kind.peak
    return _Terrain(kind, noise, place, per_pixel((low + (high - low) * scene.uniform("height")).tan() / steepest))


def _shaded(scene: Scene, dome: Dome, lit: Light, land: _Terrain, far: Tensor, air: Tensor) -> Tensor:
    """Radiance [batch, 3, rows, width] of what is seen as *far* as that [batch, rows, width], through the air."""
    x, y = far * dome.longitude[None].cos(), far * dome.longitude[None].sin()
    footprint = dome.pixel * far
    height = land.height(x, y, footprint)
    slopes = [
        (land.height(x + dx * footprint, y + dy * footprint, footprint) - height) / footprint
        for dx, dy in ((1, 0), (0, 1))
    ]
    up = (1 + slopes[0] ** 2 + slopes[1] ** 2).rsqrt()
    east, north, above = (per_pixel(axis) for axis in scene.sun.unbind(1))
    facing = ((above - slopes[0] * east - slopes[1] * north) * up + 0.1).clamp(min=0) / 1.1
    shadow = torch.zeros_like(far)
    for reach in _SHADOW_STEPS:
        blocker = land.height(x + reach * east, y + reach * north, footprint, finer=2)
        shadow = torch.maximum(shadow, torch.sigmoid((blocker - height - reach * above - 0.02) * 60))
    direct = per_picture(lit.sun) * (facing * (1 - 0.85 * shadow))[:, None]
    relative = height / land.scale.mul(0.9)
    open_sky = ((0.5 + 0.5 * up) * (0.6 + 0.5 * relative.clamp(0, 1)))[:, None]
    shade = (direct + skylight(lit) * open_sky) / math.pi * _albedo(scene, land, (x, y), relative, up)
    before = air_share(scene, _AIR[0] + _AIR[1] * (far - _NEAR))
    return shade.lerp(air * 0.75, before)


def _albedo(scene: Scene, land: _Terrain, place: tuple[Tensor, Tensor], height: Tensor, up: Tensor) -> Tensor:
    """Of mountains woods below, rock where it is steep, snow above; of hills meadows and woods; snow on all that is not
    steep where the ground has it too."""
    desert, snowy = (per_pixel(scene.ground(kind)) for kind in (Ground.DESERT, Ground.SNOW))
    x, y = place
    patchy = land.noise(2.1 * x, 2.1 * y)[WISP]
    green = (1 - desert) * (1 - snowy)
    bare = colour(up, ROCK if land.kind.alpine else _MEADOW)
    bare = bare.lerp(colour(up, SAND), per_picture(scene.ground(Ground.DESERT)))
    bare = bare * (1 + 0.15 * patchy).clamp(0.5, 1.5)[:, None]
    if land.kind.alpine:
        steep = torch.sigmoid((0.42 - up + 0.05 * patchy) * 16)
        wooded = torch.sigmoid((0.3 - height + 0.05 * patchy) * 22) * (1 - 0.8 * steep) * green
        capped = torch.sigmoid((height - 0.42 + 0.07 * patchy) * 16) * (1 - desert)
        capped = torch.maximum(capped, 0.95 * snowy) * (1 - 0.85 * steep)
    else:
        groves = land.noise(0.35 * x, 0.35 * y)[SOFT]
        wooded = torch.sigmoid((0.5 * groves + 0.25 * patchy - 0.1) * 14) * green
        capped = 0.9 * snowy.expand_as(up)
    return bare.lerp(colour(up, TREES), 0.85 * wooded[:, None]).lerp(colour(up, SNOW), 0.92 * capped[:, None])
