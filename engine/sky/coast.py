"""A coast: the viewer stands on a beach, land behind, and the sea before, to the horizon."""

import math

import torch
from torch import Tensor

from .ground import Plane, Surroundings
from .noise import DETAIL, SOFT, WISP
from .parameters import Ground
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .water import water

# Lengths are in heights of the viewer's eye, as on the plane of the ground.
_AWAY = 2.4  # from the viewer to the water
_BEACH = 5.0  # width of the sand
_HORIZON = 150.0
_BREAKERS = (
    (0.1, 0.22, 0.95),
    (1.3, 0.3, 0.8),
    (3.4, 0.45, 0.7),
    (7.0, 0.7, 0.5),
)  # distance from the shore, width, whiteness
_SKYLIGHT = 0.35  # that reaches any slope, beside 1 of the sun on one that faces it
_SAND, _SHALLOW = (1.10, 0.98, 0.78), (0.35, 1.0, 0.92)
# How much brighter sand is than the ground beyond it.
_BRIGHTER = {Ground.GRASS: 2.6, Ground.FOREST: 3.2, Ground.DESERT: 1.1, Ground.SNOW: 0.8}


def land_share(scene: Scene, dome: Dome) -> Tensor:
    """How high what stands on land may rise: 1 inland, 0 where the horizon is the sea's, [batch, 1, width]."""
    east, north = (axis(dome.longitude[:1])[None] * _HORIZON for axis in (torch.cos, torch.sin))
    inland = (-_offshore(scene, east, north) / (0.75 * _HORIZON)).clamp(0, 1) ** 0.7
    return 1 - per_pixel(scene.coast) * (1 - inland)


def coast(
    scene: Scene, plane: Plane, around: Surroundings, land: Tensor, level: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Lay beach and sea over the *land* [batch, 3, rows, width] on *plane*; and the level of its light, [batch].

    level: the latter, if this is a part of the land that is not to be judged by itself.
    """
    lit = around.lit
    offshore = _offshore(scene, plane.x * plane.distance, plane.y * plane.distance)
    offshore = offshore + 0.12 * plane.fine[SOFT] * plane.near + 0.3 * plane.middle[SOFT]
    blur = plane.distance.square() * (0.5 * plane.pixel)  # what a pixel sees of the plane

    light = lit.sun * scene.sun[:, 2:].clamp(min=0.05) + lit.ambient
    level = luminance(land).clamp(min=1e-4).log().mean((1, 2)).exp() if level is None else level
    brighter = land.new_tensor([_BRIGHTER.get(p.ground, 1.0) for p in scene.parameters])
    tint = light / luminance(light)[:, None] * (level * brighter)[:, None]
    grain = 1 + (0.10 * plane.fine[WISP] + 0.09 * plane.fine[DETAIL]) * plane.near + 0.06 * plane.middle[WISP]
    damp = torch.sigmoid((offshore + 1.3) / (0.35 + blur))
    sand = per_picture(tint * tint.new_tensor(_SAND)) * (grain * _trodden(plane) * (1 - 0.42 * damp))[:, None]
    edge = 0.8 + 0.6 * plane.middle[WISP]
    on_beach = torch.sigmoid((offshore + _BEACH + edge) / (0.6 + blur))

    sea = water(scene, plane, around)
    shallow = torch.exp(-offshore.clamp(min=0) / 5) * plane.near**0.3
    sea = sea.lerp(per_picture(tint * tint.new_tensor(_SHALLOW)) * 0.7, 0.55 * shallow[:, None])
    foam = torch.zeros_like(offshore)
    for away, width, white in _BREAKERS:
        line = (offshore - away - 0.35 * away * plane.middle[SOFT]) / (width + blur)
        broken = torch.sigmoid(3 * (plane.middle[WISP] + 0.8 * plane.fine[WISP] * plane.near + 1.5 - 0.25 * away))
        foam = torch.maximum(foam, white * broken * torch.exp(-line.square()) * (width / (width + blur)) ** 0.5)
    sea = sea.lerp(per_picture(light) * (0.8 / math.pi), foam[:, None])
    veil = 1 - torch.exp(-((plane.distance[:, None] / 80) ** 1.5))
    sea = sea.lerp(around.air * 0.8, 0.22 * veil)

    there = per_picture(scene.coast)
    wet = torch.sigmoid(offshore / (0.12 + blur))[:, None]
    return land.lerp(sand, there * on_beach[:, None]).lerp(sea, there * wet), level


def _trodden(plane: Plane) -> Tensor:
    """How bright the humps and hollows of dry sand are beside a level place, [batch, rows, width]."""
    _, along, across = plane.relief(0.16, 0.16, ridged=0.3)
    level = plane.sun_on_slope(0, 0) + _SKYLIGHT
    slope = plane.sun_on_slope(-0.12 * along * plane.near, -0.12 * across * plane.near) + _SKYLIGHT
    return slope / level


def _offshore(scene: Scene, east: Tensor, north: Tensor) -> Tensor:
    """Distance from a place on the plane to the shore, negative on land; bays and headlands grow with distance."""
    turn = per_pixel(scene.bearing("sea")[1])
    ahead, along = east * turn.cos() + north * turn.sin(), north * turn.cos() - east * turn.sin()
    phases = [per_pixel(draw) * 2 * math.pi for draw in scene.uniform("shore", 3).unbind(1)]
    log = torch.asinh(along / 8)
    bays = (
        torch.sin(2.1 * log + phases[0])
        + 0.5 * torch.sin(4.7 * log + phases[1])
        + 0.3 * torch.sin(9.1 * log + phases[2])
    )
    return ahead - _AWAY - 0.16 * torch.tanh(along.abs() / 12) * along.abs() * bays
