"""Cumulus clouds: slices of one density field, base first; each is shadowed by the density a step towards the sun."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .cumulonimbus import clearing
from .lighting import Light
from .noise import BILLOW, DETAIL, SOFT, NoiseAtlas
from .parameters import Clouds
from .rays import BANK, FEWEST, bank_before_sun
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .wind import WindView

SLATE = (0.86, 1.0, 1.2)  # grey of a rain cloud, lit by blue sky from its sides
_FEWEST_SLICES, _MOST_SLICES, _ROWS_PER_SLICE = 6, 32, 12
_DEPTH = 0.42  # of the slices, in heights of the base
_OPACITY = 6.9  # of all slices at density 1
_FINER, _LUMPS = 1.3, (0.35, -0.28)  # scale of detail, and tiles that it moves from base to top: as high as wide
_NONE = 50.0  # a threshold that no density reaches
_SLATE_SHARE = 0.8  # of a storm's colour
_CLOSING, _RIM, _RIM_RISE = 1.6, 0.5, 2.0  # of the threshold, from well inside to the edge and in its outer rim
_USUAL_RADIUS, _FINEST = 0.8, 5.0  # radians; in a smaller area clouds are smaller, down to a fifth
_TRIALS, _SEEN = 256, 512  # pieces of noise that are looked at, and how many of the area's pixels


@dataclass(frozen=True)
class _Kind:
    """Of clouds in an area: ``core``, the threshold well inside it; ``filled``, the share that shall be filled; how
    dark bases, shadows and all of it are.
    """

    core: float
    filled: float
    base_shade: float
    shadow: float
    brightness: float


_KINDS = {
    Clouds.FEW: _Kind(core=0.4, filled=0.5, base_shade=0.0, shadow=0.4, brightness=1.25),
    Clouds.SCATTERED: _Kind(core=0.2, filled=0.65, base_shade=0.0, shadow=0.4, brightness=1.25),
    Clouds.BROKEN: _Kind(core=0.0, filled=0.8, base_shade=0.3, shadow=0.7, brightness=1.0),
    Clouds.STORM: _Kind(core=-0.4, filled=0.95, base_shade=0.5, shadow=0.8, brightness=0.55),
}
IN_AREAS = frozenset(_KINDS)  # what :func:`cumulus_within` can draw


@dataclass(frozen=True)
class _Field:
    """Where density is cloud, ``threshold`` [batch, rows, width]; how dark bases are, ``base_shade``, and the ``scale``
    of the noise, [batch, 1 or rows, 1 or width]; ``places``: what [batch, 1, 1] each are added in it; ``finer``: how
    much smaller than usual clouds are; ``shadow``: how dark a density makes what lies behind it as the sun sees it;
    ``brightness``: [batch], of all of it.
    """

    threshold: Tensor
    base_shade: Tensor
    scale: Tensor
    places: Sequence[Tensor]
    brightness: Tensor
    finer: float = 1.0
    shadow: float = 1.5


def cumulus(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, view: WindView) -> tuple[Tensor, Tensor]:
    """The cumulus of *scene*: radiance times opacity [batch, 3, rows, width], and opacity [batch, 1, rows, width]."""
    few, scattered = scene.clouds(Clouds.FEW), scene.clouds(Clouds.SCATTERED)
    broken, storm = scene.clouds(Clouds.BROKEN), scene.clouds(Clouds.STORM)
    none = 1 - few - scattered - broken - storm
    threshold = 1.05 * few + 0.45 * scattered - 0.18 * broken - 0.9 * storm + _NONE * none
    threshold = per_pixel(threshold + (scene.uniform("cumulus", 2)[:, 0] - 0.5) * 0.3 - scene.more_clouds)
    base_shade = per_pixel(0.12 + 0.35 * broken + 0.75 * storm)
    if scene.bearing("thunderhead")[0].any():
        threshold = threshold + 3 * clearing(scene, dome)
    if scene.rays.any():
        bank = bank_before_sun(scene, dome)
        sparse = torch.where(per_pixel(scene.rays) > 0, threshold.clamp(max=FEWEST), threshold)
        threshold, base_shade = sparse - BANK * bank, base_shade + 0.4 * bank * (1 - base_shade)
    field = _Field(threshold, base_shade, per_pixel(_scale(scene)), view.offset[2:4], 1 - 0.6 * storm)
    return _slices(field, scene, dome, lit, noise, view)


def cumulus_within(
    inside: Tensor, scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, view: WindView
) -> tuple[Tensor, Tensor]:
    """As :func:`cumulus`, of one sky and in one area alone, of which it fills as much as suits the kind: a piece of the
    noise that happens to have such a cloud, smaller in a small area.

    inside: [rows, width], from 0 at the edge of the area and beyond to 1 well inside.
    """
    kind = _KINDS[scene.parameters[0].clouds]
    painted = inside > 0
    radius = float((dome.solid_angle[0] * painted).sum() / math.pi) ** 0.5
    finer = min(max(_USUAL_RADIUS / radius, 1.0), _FINEST)
    scale = _scale(scene) * finer
    closing = _CLOSING * (1 - inside) + _RIM_RISE * (1 - inside / _RIM).clamp(min=0)
    threshold = torch.where(painted, kind.core + closing, _NONE)

    field = _Field(
        threshold[None],
        per_pixel(inside.new_tensor([kind.base_shade])),
        per_pixel(scale),
        _fitting(inside, scene, dome, noise, view, scale),
        inside.new_tensor([kind.brightness]),
        finer,
        kind.shadow,
    )
    colour, opacity = _slices(field, scene, dome, lit, noise, view)
    slate = luminance(colour)[:, None] * per_picture(colour.new_tensor(SLATE)[None])
    return colour.lerp(slate, float(scene.parameters[0].clouds is Clouds.STORM) * _SLATE_SHARE), opacity


def _fitting(
    inside: Tensor, scene: Scene, dome: Dome, noise: NoiseAtlas, view: WindView, scale: Tensor
) -> list[Tensor]:
    """Where the noise of *scale* has by itself about the cloud that is wanted *inside* and none near the edge."""
    kind = _KINDS[scene.parameters[0].clouds]
    every = max(1, int((inside > 0).sum()) // _SEEN)
    t, along, across, weight = (
        values.expand_as(inside)[inside > 0][::every]
        for values in (dome.distance(1.0)[0], view.along[0], view.across[0], inside)
    )
    places = scene.uniform("cumulus within", 2, _TRIALS)[0, ..., None]
    filled = (_shape(noise, along * t * scale + places[0], across * t * scale + places[1], t) > kind.core).float()
    within, edge = (filled @ share / share.sum() for share in (weight, (1 - weight).square()))
    best = ((within - kind.filled).abs() + edge).argmin()
    return [per_pixel(place) for place in places[:, best]]


def _scale(scene: Scene) -> Tensor:
    return 0.06 + 0.03 * scene.uniform("cumulus", 2)[:, 1]


def _shape(noise: NoiseAtlas, u: Tensor, v: Tensor, t: Tensor, height: float = 0.0) -> Tensor:
    field, near = noise(u, v), torch.exp(-t / 9)
    # Detail changes with *height*, or it would hang from the edges in upright streaks.
    fine = noise(u * _FINER + _LUMPS[0] * height, v * _FINER + _LUMPS[1] * height)
    # It only eats into the edges: added, it would leave rows of dots between the clouds.
    eaten = near * (0.28 * (1 - fine[DETAIL]) + 0.2 * (1 - fine[BILLOW])).clamp(min=0)
    return 0.35 * field[BILLOW] + 0.75 * field[SOFT] + 0.25 - eaten


def _slices(
    field: _Field, scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, view: WindView
) -> tuple[Tensor, Tensor]:
    threshold, scale = field.threshold, field.scale
    sun, ambient = per_picture(lit.sun_aloft), per_picture(lit.ambient) / torch.pi
    step = scale / field.finer * 0.28 / view.sun_height.clamp(min=0.22)
    colour = torch.zeros(len(scene), 3, dome.rows, dome.width, device=scene.device)
    through = torch.ones(len(scene), 1, dome.rows, dome.width, device=scene.device)
    count = min(max(dome.all_rows // _ROWS_PER_SLICE, _FEWEST_SLICES), _MOST_SLICES)
    between = _scatter(dome) / (count - 1)  # a height of its own for every pixel hides that there are few slices
    for i in range(count):
        height = i / (count - 1)
        t = dome.distance(1.0 + _DEPTH / field.finer * (height + between))
        u, v = view.along * t * scale + field.places[0], view.across * t * scale + field.places[1]
        density = ((_shape(noise, u, v, t, height) - threshold - 1.1 * height**1.6) * 2.2).clamp(0, 1.6)
        ahead = noise(u + view.sun_along * step, v + view.sun_across * step)
        blocked = (0.35 * ahead[BILLOW] + 0.75 * ahead[SOFT] - threshold - 0.9 * height).clamp(0, 3)
        shadow = torch.exp(-field.shadow * blocked - 0.5 * (1 - height) * density)
        direct = sun * ((shadow * view.silver * 0.2)[:, None] + 0.02) * (0.45 + 0.55 * height)
        slice_colour = direct + ambient * (0.62 + 0.55 * height)
        slice_colour = slice_colour * (1 - field.base_shade * (1 - height) * (density / 1.6))[:, None]
        opacity = (1 - torch.exp(-density * (_OPACITY / count)))[:, None]
        colour, through = colour + through * opacity * slice_colour, through * (1 - opacity)
    colour = colour * per_picture(field.brightness)
    distance = dome.distance(1.2)[:, None]
    reach = 11.0 - 1.6 * (per_picture(scene.aerosol) - 1).clamp(0, 4)
    veil = 1 - torch.exp(-(((distance - 1.1).clamp(min=0) / reach) ** 1.3))
    low = torch.exp(-dome.z[:, None] * 9)
    air = lit.horizon * low + lit.horizon.mean(3, keepdim=True) * (1 - low)
    fade = 1 - torch.exp(-dome.z[:, None] * 26)
    return colour.lerp(air * (1 - through), veil) * fade, (1 - through) * fade


def _scatter(dome: Dome) -> Tensor:
    """Evenly spread numbers in [0, 1), neighbours far apart, [1, rows, width] (Roberts 2018, the R2 sequence)."""
    row = torch.arange(dome.above, dome.above + dome.rows, device=dome.z.device)[:, None]
    column = torch.arange(dome.width, device=dome.z.device)
    return ((0.75487767 * column + 0.56984029 * row) % 1)[None]
