"""The lower half of a panorama: a plane of sand, grass, forest floor or snow; water has its own file."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .lighting import Light
from .noise import DETAIL, RIDGE, SOFT, WISP, NoiseAtlas
from .parameters import Ground
from .scene import Dome, Scene, per_picture, per_pixel
from .water import water

_SAND, _GREEN, _STRAW, _SNOW = (0.50, 0.33, 0.19), (0.085, 0.15, 0.03), (0.15, 0.175, 0.045), (0.80, 0.81, 0.83)


class Plane:
    """Where each pixel below the horizon meets a plane one unit under the viewer, rows from horizon to nadir.

    ``x``, ``y``, ``z``: [1, rows, width], the direction. ``distance``: along it. ``along``, ``across``: [batch, rows,
    width], the place on the plane in each sky's own orientation. ``near``: 1 at the feet, 0 far off, where detail would
    alias. ``coarse``, ``middle``, ``fine``: the noise atlas at three scales.
    """

    def __init__(self, scene: Scene, dome: Dome, noise: NoiseAtlas) -> None:
        self.x, self.y, self.z = dome.x.flip(1), dome.y.flip(1), -dome.z.flip(1)
        self.horizontal = dome.horizontal.flip(1)
        self.distance = 1 / (-self.z).clamp(min=0.004)
        turn = scene.uniform("plane") * 6.2832
        c, s = per_pixel(turn.cos()), per_pixel(turn.sin())
        east, north = self.x * self.distance, self.y * self.distance
        self.along, self.across = east * c - north * s, east * s + north * c
        sun_x, sun_y, sun_z = (per_pixel(axis) for axis in scene.sun.unbind(1))
        self._sun = sun_x * c - sun_y * s, sun_x * s + sun_y * c, sun_z
        self.near = torch.exp(-self.distance / 10)
        offset = [per_pixel(o) for o in (scene.uniform("ground", 4) * 9).unbind(1)]
        self._noise, self._offset = noise, offset
        self.coarse = noise(self.along * 0.02 + offset[0], self.across * 0.02 + offset[1])
        self.middle = noise(self.along * 0.09 + offset[1], self.across * 0.09 + offset[2])
        self.fine = noise(self.along * 0.31 + offset[2], self.across * 0.31 + offset[3])

    def dunes(self, du: float, dv: float) -> Tensor:
        field = self._noise(self.along * 0.035 + self._offset[0] + du, self.across * 0.035 + self._offset[1] + dv)
        return 0.8 * field[SOFT] + 0.5 * field[RIDGE]

    def sun_on_slope(self, along: Tensor | float, across: Tensor | float) -> Tensor:
        """Cosine between the sun and the normal of a slope that tilts by these tangents, not below 0."""
        steepness = torch.as_tensor(1 + along * along + across * across, device=self.z.device).sqrt()
        return ((self._sun[2] + along * self._sun[0] + across * self._sun[1]) / steepness).clamp(min=0)


def ground(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, sky: Tensor, air: Tensor, deck: Tensor) -> Tensor:
    """Radiance of the ground, [batch, 3, rows, width], rows from horizon to nadir.

    *sky*: the finished upper half, which water mirrors. *air* [batch, 3, 1, width]: what distance fades into.
    """
    plane = Plane(scene, dome, noise)
    parts = {
        (Ground.DESERT,): lambda: _sand(plane, lit),
        (Ground.GRASS, Ground.FOREST): lambda: _grass(scene, plane, lit),
        (Ground.SNOW,): lambda: _snow(plane, lit),
        (Ground.SEA, Ground.LAKE): lambda: water(scene, dome, lit, plane, sky, deck),
    }
    surface = torch.zeros_like(sky)
    for kinds, paint in parts.items():
        weight = scene.ground(*kinds)
        if weight.any():
            surface = surface + per_picture(weight) * paint()
    wet = per_picture(scene.ground(Ground.SEA, Ground.LAKE))
    reach = 80 - 50 * per_picture(scene.haze)
    veil = (1 - torch.exp(-((plane.distance[:, None] / reach) ** 1.5))) * (1 - 0.7 * wet)
    return surface.lerp(air * 0.8, 0.75 * veil)


def _colour(reference: Tensor, rgb: tuple[float, float, float]) -> Tensor:
    return reference.new_tensor(rgb).view(1, 3, 1, 1)


def _sand(plane: Plane, lit: Light) -> Tensor:
    ripples = torch.sin(plane.along * 5 + 3 * plane.middle[SOFT] + 5 * plane.coarse[SOFT]) * plane.near**2
    here = plane.dunes(0, 0)
    smooth = torch.exp(-plane.distance / 45)
    along, across = (torch.tanh((plane.dunes(*d) - here) * 4) * smooth for d in ((0.006, 0.0), (0.0, 0.006)))
    albedo = _colour(here, _SAND) * (1 + 0.08 * plane.middle[WISP] * plane.near + 0.06 * ripples)[:, None]
    slope = plane.sun_on_slope(-0.26 * along - 0.05 * ripples, -0.26 * across)
    open_sky = 1 + 0.12 * here.clamp(-2, 2) * smooth
    return (
        albedo
        * (per_picture(lit.sun) * (slope + 0.02)[:, None] + per_picture(lit.ambient) * open_sky[:, None])
        / torch.pi
    )


def _grass(scene: Scene, plane: Plane, lit: Light) -> Tensor:
    patches = torch.sigmoid(0.9 * plane.coarse[SOFT] + 0.4 * plane.middle[WISP])[:, None]
    albedo = _colour(patches, _STRAW).lerp(_colour(patches, _GREEN), patches)
    blades = (1 + 0.28 * plane.fine[DETAIL] * plane.near + 0.15 * plane.middle[WISP] * plane.near**0.4).clamp(0.25, 2)
    albedo = albedo * blades[:, None] * (1 - 0.45 * per_picture(scene.ground(Ground.FOREST)))
    slope = plane.sun_on_slope(0.07 * plane.middle[SOFT] * plane.near, 0.07 * plane.middle[WISP] * plane.near)
    return albedo * (per_picture(lit.sun) * slope[:, None] + per_picture(lit.ambient)) / torch.pi


def _snow(plane: Plane, lit: Light) -> Tensor:
    soft = plane.near**0.5
    slope = plane.sun_on_slope(
        (0.06 * plane.middle[SOFT] + 0.05 * plane.fine[SOFT] * soft) * soft + 0.025 * plane.coarse[SOFT],
        (0.06 * plane.middle[RIDGE] + 0.05 * plane.fine[WISP] * soft) * soft + 0.025 * plane.coarse[WISP],
    )
    open_sky = 1 + 0.1 * F.softsign(plane.middle[SOFT]) * soft
    light_on_snow = per_picture(lit.sun) * slope[:, None] + per_picture(lit.ambient) * open_sky[:, None]
    return _colour(slope, _SNOW) * light_on_snow / torch.pi
