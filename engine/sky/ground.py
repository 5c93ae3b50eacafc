"""The lower half of a panorama: a plane of sand, grass, forest floor or snow; water has its own file."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .lighting import Light
from .noise import DETAIL, RIDGE, SOFT, WISP, NoiseAtlas
from .parameters import Clouds, Ground
from .scene import Dome, Scene, luminance, per_picture, per_pixel, ring_mean
from .water import water

_SAND, _GREEN, _STRAW = (0.50, 0.33, 0.19), (0.07, 0.13, 0.028), (0.15, 0.16, 0.045)
_MOSS, _LITTER = (0.042, 0.068, 0.02), (0.07, 0.058, 0.03)
_SNOW, _SNOW_SHADE = (0.79, 0.80, 0.83), (0.18, 0.27, 0.45)  # the latter of sunlight, in the shade of drifts
_LEAF_TILES, _LEAF_LENGTH = 8, 0.16  # of noise around the viewer at a distance of one, and for each doubling of that
_TURF_TILES = 0.8  # a unit
_WAVES = 80  # of detail in a tile
_GLINT = 190.0  # pixels per radian, of ground one unit away, up to which glints are as small as pixels
_NIGHT_VISION = (0.8, 1.0, 1.45)
_READABLE, _READABLE_AT_NIGHT, _MOONLIT_MORE = 0.11, 0.05, 0.05  # log-mean luminance that dark ground is raised towards
_ADAPTATION, _MOST_LIFT = 0.65, 7.0


class Plane:
    """Where each pixel below the horizon meets a plane one unit under the viewer, rows from horizon to nadir.

    ``x``, ``y``, ``z``: [1, rows, width], the direction. ``distance``: along it. ``along``, ``across``: [batch, rows,
    width], the place on the plane in each sky's own orientation. ``near``: 1 at the feet, 0 far off, where detail would
    alias. ``coarse``, ``middle``, ``fine``: the noise atlas at three scales.
    """

    def __init__(self, scene: Scene, dome: Dome, noise: NoiseAtlas) -> None:
        self.x, self.y, self.z = dome.x.flip(1), dome.y.flip(1), -dome.z.flip(1)
        self.horizontal, self.pixel = dome.horizontal.flip(1), dome.pixel
        self.distance = 1 / (-self.z).clamp(min=0.004)
        turn = scene.uniform("plane") * 6.2832
        c, s = per_pixel(turn.cos()), per_pixel(turn.sin())
        east, north = self.x * self.distance, self.y * self.distance
        self.along, self.across = east * c - north * s, east * s + north * c
        sun_x, sun_y, sun_z = (per_pixel(axis) for axis in scene.sun.unbind(1))
        self.turn = c, s
        self._sun = sun_x * c - sun_y * s, sun_x * s + sun_y * c, sun_z
        self.near = torch.exp(-self.distance / 10)
        offset = [per_pixel(o) for o in (scene.uniform("ground", 4) * 9).unbind(1)]
        self._noise, self._offset = noise, offset
        self.coarse = noise(self.along * 0.02 + offset[0], self.across * 0.02 + offset[1])
        self.middle = noise(self.along * 0.09 + offset[1], self.across * 0.09 + offset[2])
        self.fine = noise(self.along * 0.31 + offset[2], self.across * 0.31 + offset[3])

    def relief(self, along: float, across: float, ridged: float) -> tuple[Tensor, Tensor, Tensor]:
        """Height of a landscape of these frequencies (tiles per unit), and its slopes, softly limited to +-1."""

        def height(du: float, dv: float) -> Tensor:
            u, v = self.along * along + self._offset[0] + du, self.across * across + self._offset[1] + dv
            field = self._noise(u, v)
            return 0.8 * field[SOFT] + ridged * field[RIDGE]

        here, smooth = height(0, 0), torch.exp(-self.distance / 45)
        slope_along, slope_across = (
            torch.tanh((height(*step) - here) * 4) * smooth for step in ((0.006, 0.0), (0.0, 0.006))
        )
        return here * smooth, slope_along, slope_across

    def swell(self) -> Tensor:
        """The noise atlas drawn out along wave crests."""
        return self._noise(self.along * 0.05 + self._offset[2], self.across * 0.16 + self._offset[3])

    def turf(self) -> Tensor:
        """Detail as small as leaves are from above, where pixels are as small, [batch, rows, width]."""
        field = self._noise(self.along * _TURF_TILES + self._offset[3], self.across * _TURF_TILES + self._offset[0])
        return field[DETAIL] / (1 + (2 * _TURF_TILES * _WAVES * self.pixel * self.distance**2) ** 4)

    def leaves(self) -> tuple[Tensor, Tensor]:
        """Noise as upright leaves are seen, drawn out towards the viewer and equally wide at every distance, and how
        upright they are seen: not at all from above. Both [1, rows, width]."""
        far = self.horizontal * self.distance
        octave = far.clamp(min=0.25).log2()
        turn, finer = torch.atan2(self.y, self.x) / (2 * torch.pi), octave.floor()
        total = torch.zeros_like(far)
        for step in (0, 1):
            tiles = _LEAF_TILES * 2 ** (finer + step)
            share = 1 - (octave - finer - step).abs()
            seen = 1 / (1 + (_WAVES / 6.2832 * tiles * self.pixel / self.horizontal.clamp(min=0.05)) ** 4)
            field = self._noise(
                turn * tiles + self._offset[0], octave * _LEAF_LENGTH + self._offset[1] + 0.37 * (finer + step)
            )
            total = total + share.sqrt() * seen * (field[DETAIL] + 0.2 * field[WISP])
        return total, ((self.horizontal - 0.35) / 0.4).clamp(0, 1)

    def sun_on_slope(self, along: Tensor | float, across: Tensor | float) -> Tensor:
        """Cosine between the sun and the normal of a slope that tilts by these tangents; a soft terminator at 0."""
        steepness = torch.as_tensor(1 + along * along + across * across, device=self.z.device).sqrt()
        cosine = (self._sun[2] + along * self._sun[0] + across * self._sun[1]) / steepness
        return 0.5 * (cosine + (cosine.square() + 0.006).sqrt())


@dataclass(frozen=True)
class Surroundings:
    """What the ground is lit by, and what is seen in it and before it.

    lit: below the clouds. dome, sky: the finished upper half, as water mirrors it. air: [batch, 3, 1, width], what
    distance fades into. shining: [batch, 3], irradiance of the sun or moon as it is seen, which glitters.
    """

    lit: Light
    dome: Dome
    sky: Tensor
    air: Tensor
    shining: Tensor


def ground(scene: Scene, plane: Plane, around: Surroundings, lift: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Radiance of the ground on *plane*, [batch, 3, rows, width], and how much brighter it is shown than lit, [batch].

    lift: the latter, if *plane* is a part of the ground that is not to be judged by itself.
    """
    lit, air = around.lit, around.air
    dry = replace(lit, ambient=lit.ambient + 0.1 * lit.sun)  # what sunlit ground throws into its own shadows
    parts = {
        Ground.DESERT: lambda: _sand(plane, dry),
        Ground.GRASS: lambda: _grass(plane, dry),
        Ground.FOREST: lambda: _forest_floor(plane, dry),
        Ground.SNOW: lambda: _snow(plane, _as_white(dry, 0.7 * scene.clouds(Clouds.OVERCAST))),
    }
    surface = plane.distance.new_zeros(len(scene), 3, *plane.distance.shape[1:])
    for kind, paint in parts.items():
        weight = scene.ground(kind)
        if weight.any():
            surface = surface + per_picture(weight) * paint()
    lift = _lift(surface, scene) if lift is None else lift
    surface = surface * per_picture(lift)
    # By night an eye sees little colour (Purkinje).
    colourless = per_picture(0.35 * scene.nocturnal + 0.45 * scene.moonlit)
    surface = surface.lerp(luminance(surface)[:, None] * _colour(surface, _NIGHT_VISION), colourless)
    wet = per_picture(scene.ground(Ground.SEA, Ground.LAKE))
    if wet.any():
        surface = surface + wet * water(scene, plane, around)
    reach = 80 - 50 * per_picture(scene.haze)
    veil = (1 - torch.exp(-((plane.distance[:, None] / reach) ** 1.5))) * (1 - 0.7 * wet)
    ranges = torch.maximum(scene.mountains, scene.hills) * (1 - 0.5 * scene.haze)
    veil = veil * (1 - per_picture(torch.maximum(scene.ground(Ground.FOREST), ranges)))  # which stand before it
    surface = surface.lerp(air * 0.8, 0.75 * veil)
    if scene.mist.any():
        mist = air.lerp(ring_mean(air, air.shape[3] // 6), -plane.z[:, None])  # from above, nowhere as a sunlit pillar
        surface = surface.lerp(mist, _mist(scene, plane) * (0.8 - 0.3 * wet))
    return surface, lift


def _as_white(lit: Light, share: Tensor) -> Light:
    """*lit* with skylight of less colour, by a *share* [batch] of it: an eye sees snow white under a deck's."""
    return replace(lit, ambient=lit.ambient.lerp(luminance(lit.ambient)[:, None].expand(-1, 3), share[:, None]))


def _mist(scene: Scene, plane: Plane) -> Tensor:
    """Opacity of a morning's mist in the hollows, denser far off, [batch, 1, rows, width]."""
    smooth = torch.exp(-plane.distance / 20)  # far off, hollows are narrower than pixels
    hollows = torch.sigmoid(2.2 * ((plane.coarse[SOFT] + 0.4 * plane.middle[WISP]) * smooth + 0.2))
    return ((1 - torch.exp(-plane.distance / 9)) ** 1.5 * hollows * per_pixel(scene.mist))[:, None]


def _lift(surface: Tensor, scene: Scene) -> Tensor:
    """How much brighter dark ground is shown, [batch]: an eye that looks down adapts to what it sees there."""
    level = luminance(surface).clamp(min=1e-4).log().mean((1, 2)).exp()
    readable = torch.where(scene.nocturnal > 0, _READABLE_AT_NIGHT + _MOONLIT_MORE * scene.moonlit, _READABLE)
    return (readable / level).pow(_ADAPTATION).clamp(1, _MOST_LIFT)


def _colour(reference: Tensor, rgb: tuple[float, float, float]) -> Tensor:
    return reference.new_tensor(rgb).view(1, 3, 1, 1)


def _sand(plane: Plane, lit: Light) -> Tensor:
    bent = plane.along + 0.6 * plane.middle[SOFT] + plane.coarse[SOFT]
    ripples = torch.sin(5 * bent) * plane.near**2 + 0.6 * torch.sin(19 * bent + 4 * plane.fine[SOFT]) * plane.near**5
    height, along, across = plane.relief(0.035, 0.035, ridged=0.5)
    grain = (0.08 * plane.middle[WISP] + 0.05 * plane.fine[DETAIL]) * plane.near
    albedo = _colour(height, _SAND) * (1 + grain + 0.06 * ripples)[:, None]
    slope = plane.sun_on_slope(-0.15 * along - 0.05 * ripples, -0.15 * across)  # steeper, a low sun makes lava of it
    open_sky = 1 + 0.2 * height.clamp(-2, 2)
    return albedo * _irradiance(lit, slope, open_sky) / torch.pi


def _grass(plane: Plane, lit: Light) -> Tensor:
    patches = torch.sigmoid(0.9 * plane.coarse[SOFT] + 0.4 * plane.middle[WISP])[:, None]
    albedo = _colour(patches, _STRAW).lerp(_colour(patches, _GREEN), patches)
    leaves, upright = plane.leaves()
    tufts = (0.13 * plane.fine[DETAIL] + 0.24 * plane.turf()) * plane.near * (1 - 0.7 * upright)
    tufts = tufts + 0.15 * plane.middle[WISP] * plane.near**0.4
    blades = (1 + tufts + 0.26 * leaves * upright).clamp(0.25, 2)
    slope = plane.sun_on_slope(0.07 * plane.middle[SOFT] * plane.near, 0.07 * plane.middle[WISP] * plane.near)
    return albedo * blades[:, None] * _irradiance(lit, slope, 1) / torch.pi


def _forest_floor(plane: Plane, lit: Light) -> Tensor:
    """Moss and litter in the shade of crowns, with flecks of sun."""
    patches = torch.sigmoid(1.5 * plane.middle[SOFT] + 0.8 * plane.fine[WISP] * plane.near)[:, None]
    albedo = _colour(patches, _MOSS).lerp(_colour(patches, _LITTER), patches)
    litter = (0.22 * plane.fine[DETAIL] + 0.35 * plane.turf()) * plane.near**0.5
    leaves = (1 + litter + 0.2 * plane.middle[WISP]).clamp(0.2, 2.2)
    flecks = torch.sigmoid(4 * (plane.middle[SOFT] + 0.5 * plane.fine[SOFT] * plane.near - 0.8))
    slope = plane.sun_on_slope(0, 0) * (0.2 + 0.5 * flecks)
    return albedo * leaves[:, None] * _irradiance(lit, slope, 1) / torch.pi


def _snow(plane: Plane, lit: Light) -> Tensor:
    """Drifts drawn out by the wind, blue where the sun does not reach, with glints at the feet."""
    height, along, across = plane.relief(0.022, 0.06, ridged=0.7)
    crust = 0.04 * plane.fine[WISP] * plane.near + 0.03 * plane.middle[WISP] * plane.near**0.5
    flat = plane.sun_on_slope(0, 0)
    slope = plane.sun_on_slope(-0.2 * along + crust, -0.2 * across + crust)
    lit_share = torch.sigmoid(2.5 * ((slope / flat).clamp(0, 2) - 0.85) + 0.9 * height)[:, None]
    reached = _colour(height, _SNOW_SHADE).lerp(torch.ones_like(lit_share), lit_share)
    small = (_GLINT * plane.pixel * plane.distance).clamp(max=1).square()  # a glint that is seen large is none
    glints = (plane.fine[DETAIL] * plane.near - 1.5).clamp(min=0)[:, None] * per_picture(lit.sun) * 0.12
    glints = glints * small[:, None]
    sunlight = per_picture(lit.sun) * (0.4 * flat + 0.6 * slope)[:, None] * reached
    skylight = per_picture(lit.ambient) * (1 + 0.2 * height.clamp(-2, 2))[:, None]
    return _colour(height, _SNOW) * (sunlight + skylight) / torch.pi + glints


def _irradiance(lit: Light, slope: Tensor, open_sky: Tensor | float) -> Tensor:
    """Sun on a slope of this cosine plus the share of the sky's light that reaches it, [batch, 3, rows, width]."""
    shade = torch.as_tensor(open_sky, device=slope.device).expand_as(slope)
    return per_picture(lit.sun) * slope[:, None] + per_picture(lit.ambient) * shade[:, None]
