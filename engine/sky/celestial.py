"""Behind the clouds: stars, the Milky Way, the aurora, and the disc of sun or moon."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .lighting import Light
from .moon import lit_face, moonlight
from .noise import RIDGE, SOFT, WISP, NoiseAtlas
from .scene import Dome, Scene, luminance, per_picture, per_pixel

_SUN_RADIUS = math.radians(0.2665)
_MOON_RADIUS = 0.03  # radians: seven times life size, as painters have it; at life size it would be one pixel
_MOON_RADIANCE = (2.6, 2.5, 2.3)
_STARS_PER_STERADIAN = 200.0
_STAR_PIXEL = math.pi / 512  # radians; stars are drawn for pictures of this resolution
_GLOW = (0.08, 0.35, 0.5, 0.35, 0.08)  # of a bright star, over pixels
_COOL_STAR, _WARM_STAR = (0.72, 0.88, 1.25), (1.3, 0.98, 0.66)


def night_sky(scene: Scene, dome: Dome, noise: NoiseAtlas) -> Tensor:
    """Radiance of stars, Milky Way and aurora, [batch, 3, rows, width]."""
    dark = torch.maximum(scene.nocturnal, ((-scene.sun_elevation - 4) / 8).clamp(0, 1) * 0.5) * (
        1 - 0.55 * scene.moonlit * moonlight(scene)
    )
    added = torch.zeros(len(scene), 3, dome.rows, dome.width, device=scene.device)
    if dark.any():
        added = added + _stars(scene, dome) * per_picture(dark)
    if scene.milky_way.any():
        added = added + _milky_way(scene, dome, noise) * per_picture(scene.milky_way)
    if scene.aurora.any():
        added = added + _aurora(scene, dome, noise) * per_picture(scene.aurora)
    return added


def _extinction(dome: Dome, rate: float) -> Tensor:
    return 1 - torch.exp(-rate * dome.z[:, None])


def _stars(scene: Scene, dome: Dome) -> Tensor:
    """Few bright stars with a glow, many faint ones, from orange to blue; dimmer where pixels are larger than stars."""
    within, dome = dome, dome.wider(len(_GLOW) // 2)
    draws = scene.uniform_pixels("stars", 3, dome)
    chance = _STARS_PER_STERADIAN * dome.solid_angle.clamp(min=0.02 * dome.pixel**2)
    bright = (draws[:, 1:2].pow(10) * 2.2 + 0.06) * min(1.0, _STAR_PIXEL / dome.pixel)
    colour = (
        draws.new_tensor(_COOL_STAR).view(1, 3, 1, 1).lerp(draws.new_tensor(_WARM_STAR).view(1, 3, 1, 1), draws[:, 2:])
    )
    points = (draws[:, :1] < chance).float() * bright * colour
    brilliant = points * (draws[:, 1:2] > 0.95)
    soft = _blur(points, (0.25, 1.0, 0.25)) + _blur(brilliant, _GLOW)
    spare = within.above - dome.above
    return (soft * _extinction(dome, 9))[:, :, spare : spare + within.rows]


def _blur(points: Tensor, taps: tuple[float, ...]) -> Tensor:
    """Convolve with the product of *taps* in both directions, around the seam."""
    reach = len(taps) // 2
    kernel = points.new_tensor(taps)
    kernel = (kernel[:, None] * kernel)[None, None].repeat(3, 1, 1, 1)
    padded = F.pad(F.pad(points, (reach, reach, 0, 0), mode="circular"), (0, 0, reach, reach))
    return F.conv2d(padded, kernel, groups=3)


def _milky_way(scene: Scene, dome: Dome, noise: NoiseAtlas) -> Tensor:
    """A band around a random great circle, with dark dust lanes along its middle."""
    draws = scene.uniform("milky way", 5)
    turn, tilt = draws[:, 0] * 2 * math.pi, (draws[:, 1] - 0.5) * 0.7
    pole = torch.stack([turn.cos() * tilt.cos(), turn.sin() * tilt.cos(), tilt.sin()], -1)
    latitude = dome.cosine_to(pole)
    a, b = per_pixel(draws[:, 2]), per_pixel(draws[:, 3])
    broad = noise(dome.x * 0.35 + a, (dome.y + dome.z * 0.7) * 0.35 + b)
    fine = noise(dome.y * 0.9 + b, (dome.x - dome.z) * 0.9 + a)
    latitude = latitude + 0.05 * broad[SOFT]
    band = torch.exp(-((latitude / 0.22) ** 2)) * (0.8 + 0.25 * fine[WISP] + 0.25 * broad[WISP]).clamp(0.15, 2)
    lanes = torch.sigmoid((fine[RIDGE] + broad[WISP] - 0.6) * 3) * torch.exp(-((latitude / 0.09) ** 2))
    core = torch.exp(-((latitude / 0.07) ** 2))
    cool, warm = band.new_tensor((0.12, 0.12, 0.165)), band.new_tensor((0.1, 0.068, 0.054))
    glow = (band[:, None] * cool.view(1, 3, 1, 1) + core[:, None] * warm.view(1, 3, 1, 1)) * (1 - 0.8 * lanes)[:, None]
    specks = scene.uniform_pixels("star dust", 2, dome)
    dust = (specks[:, :1] < 0.07 * band[:, None]) * specks[:, 1:].pow(3) * 0.5
    return (glow + dust * min(1.0, _STAR_PIXEL / dome.pixel)) * _extinction(dome, 6)


def _aurora(scene: Scene, dome: Dome, noise: NoiseAtlas) -> Tensor:
    """Two curtains: a sharp lower edge that wanders, rays, green below and violet above."""
    draws = scene.uniform("aurora", 4)
    c, d = per_pixel(draws[:, 2]), per_pixel(draws[:, 3])
    curtains = torch.zeros(len(scene), dome.rows, dome.width, device=scene.device)
    for k in range(2):
        turn = dome.longitude[None] + per_pixel(draws[:, k]) * 2 * math.pi
        wave = noise(turn.cos() * 0.22 + c + 0.3 * k, turn.sin() * 0.22 + d)
        rays = noise(turn.cos() * 0.9 + dome.elevation * 0.03 + d, turn.sin() * 0.9 + c)
        above = dome.elevation[None] - (0.30 + 0.13 * wave[SOFT] + 0.22 * k)
        fade = torch.exp(-above.clamp(min=0) / (0.30 + 0.08 * wave[WISP]).clamp(min=0.1))
        strength = (0.55 + 0.45 * rays[WISP]).clamp(0.03, 2) * torch.sigmoid(1.5 + 2 * turn.cos() + wave[SOFT])
        curtains = curtains + torch.sigmoid(above * 55) * fade * strength
    height = ((dome.elevation - 0.35) / 0.8).clamp(0, 1)[None, None]
    green = height.new_tensor((0.055, 0.6, 0.24)).view(1, 3, 1, 1)
    violet = height.new_tensor((0.35, 0.11, 0.46)).view(1, 3, 1, 1)
    return curtains[:, None] * green.lerp(violet, height)


def disc(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas) -> Tensor:
    """Radiance of the sun's or moon's disc with the glow around it, [batch, 3, rows, width].

    The disc is never smaller than a pixel can show and carries the sun's whole irradiance whatever its size.
    """
    angle = dome.angle_to(scene.sun)
    moon = scene.moonlit
    sun_radius = max(_SUN_RADIUS, 0.6 * dome.pixel)
    radius = torch.where(moon > 0, max(_MOON_RADIUS, 1.6 * dome.pixel), sun_radius)
    shape = _round(dome, angle, radius)
    sun_radiance = lit.sun / _area(scene, dome, radius).clamp(min=0.25 * math.pi * sun_radius**2)[:, None]  # half is up
    radiance = torch.where(moon[:, None] > 0, shape.new_tensor(_MOON_RADIANCE), sun_radiance)
    if moon.any():
        right, up = lit.turn * dome.horizontal, dome.elevation[None] - torch.deg2rad(per_pixel(scene.sun_elevation))
        maria = noise(right * 2.1 + per_pixel(scene.uniform("maria")), up * 2.3)[WISP]
        face = (1 + 0.22 * maria).clamp(0.4, 1.4) * lit_face(scene, right / per_pixel(radius), up / per_pixel(radius))
        shape = torch.where(per_pixel(moon) > 0, shape * face, shape)
    spread = lit.sun / (math.pi * sun_radius**2)
    sun_glow = torch.exp(-angle / 0.035) * 0.0014 + torch.exp(-angle / 0.12) * 0.0001
    moon_glow = torch.exp(-angle / 0.06) * 0.14 + torch.exp(-angle / 0.3) * 0.03
    glow = torch.where(per_pixel(moon) > 0, moon_glow, sun_glow)
    source = torch.where(moon[:, None] > 0, radiance * moonlight(scene)[:, None], spread)
    shining = per_picture(radiance * scene.disc_seen[:, None]) * shape[:, None]  # a closed deck lets its glow through
    return shining + per_picture(source * scene.sun_up[:, None]) * glow[:, None]


def seen_of(source: Tensor, transmittance: Tensor, sky: Tensor) -> Tensor:
    """How much of a *source* as :func:`disc` draws it is left in the finished *sky*, like it, [batch].

    *transmittance*: of the clouds, [batch, 1, rows, width], which by themselves may be as bright as a moon.
    """
    bright = luminance(source)
    inside = bright > 0.5 * bright.amax((1, 2), keepdim=True)
    shown = torch.minimum(luminance(sky) / bright.clamp(min=1e-6), transmittance[:, 0]) * inside
    return shown.sum((1, 2)) / inside.sum((1, 2)).clamp(min=1)


def _round(dome: Dome, angle: Tensor, radius: Tensor) -> Tensor:
    """How much of each pixel at an *angle* [batch, rows, width] from its middle a disc of *radius* [batch] covers."""
    return torch.sigmoid((per_pixel(radius) - angle) / (0.35 * dome.pixel))


def _area(scene: Scene, dome: Dome, radius: Tensor) -> Tensor:
    """Steradians of what is above the horizon of a disc of *radius* around each sun, [batch], on any rows of *dome*."""
    reach = float(radius.max()) + 8 * dome.pixel  # beyond, no pixel has a share in it
    rise = torch.deg2rad(scene.sun_elevation)
    near = dome.around(float(rise.min()) - reach, float(rise.max()) + reach)
    shape = _round(near, near.angle_to(scene.sun), radius)
    return (shape * near.solid_angle).sum((1, 2))
