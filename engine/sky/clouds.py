"""Clouds on shells above the viewer: a high veil of cirrus, mackerel, cumulus, a closed deck."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .cumulonimbus import cumulonimbus
from .cumulus import SLATE, cumulus
from .lighting import Light
from .noise import BILLOW, DETAIL, SOFT, WISP, NoiseAtlas
from .parameters import Clouds
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .wind import WindView, henyey_greenstein


@dataclass(frozen=True)
class Cover:
    """``radiance``: [batch, 3, rows, width] of sky with clouds. ``transmittance``: [batch, 1, rows, width], of sun and
    moon through them. ``deck``: [batch], opacity of a closed deck, which the ground sees as well.
    """

    radiance: Tensor
    transmittance: Tensor
    deck: Tensor


def cover(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, behind: Tensor) -> Cover:
    """Lay the clouds of *scene* over the radiance *behind* them, the highest first."""
    view = WindView(scene, dome)
    deck = scene.clouds(Clouds.OVERCAST) + 0.9 * scene.clouds(Clouds.STORM)
    sky, through = behind, torch.ones(len(scene), 1, dome.rows, dome.width, device=scene.device)
    if scene.clouds(Clouds.CIRRUS).any():
        colour, opacity = _cirrus(scene, dome, lit, noise, view)
        sky, through = sky.lerp(colour, opacity), through * (1 - 0.75 * opacity)
    if scene.clouds(Clouds.MACKEREL).any():
        colour, opacity = _mackerel(scene, dome, lit, noise, view)
        sky, through = sky.lerp(colour, opacity), through * (1 - 0.75 * opacity)
    if scene.bearing("thunderhead")[0].any():
        colour, opacity = cumulonimbus(scene, dome, lit, noise)
        sky, through = sky.lerp(colour, opacity), through * (1 - opacity) ** 2
    if (scene.clouds(Clouds.FEW, Clouds.SCATTERED, Clouds.BROKEN, Clouds.STORM) + scene.rays).any():
        colour, opacity = cumulus(scene, dome, lit, noise, view)
        sky, through = sky * (1 - opacity) + colour, through * (1 - opacity) ** 1.5
    if deck.any():
        colour, opacity = _deck(scene, dome, lit, noise, view)
        sky, through = sky.lerp(colour, opacity), through * (1 - opacity) ** 2
    return Cover(sky, through, deck)


def _cirrus(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, view: WindView) -> tuple[Tensor, Tensor]:
    amount = scene.clouds(Clouds.CIRRUS)
    t = dome.distance(1.6)
    u, v = view.along * t * 0.05 + view.offset[0], view.across * t * 0.16 + view.offset[1]
    warp = noise(u * 0.7, v * 0.5)
    bend = 0.012 * warp[SOFT]  # gentle: what is folded looks like wood
    streaks = noise(u + bend, v + bend)[WISP]
    threads = noise(u * 1.7 + 2 * bend, v * 3.4 + bend)[WISP]
    more = scene.more_clouds
    density = 0.5 * streaks + 0.45 * warp[SOFT] + 0.28 * threads + per_pixel(amount * 1.5 - 1.25 + more)
    depth = F.softplus(density * 1.6) * 0.42 * per_pixel((amount > 0).float())
    opacity = (1 - torch.exp(-1.1 * depth))[:, None] * (1 - torch.exp(-dome.z[:, None] * 6)) * 0.93
    lit_by_sun = per_picture(lit.sun_aloft) * view.silver[:, None] * 0.15
    return lit_by_sun + per_picture(lit.ambient) * (0.9 / torch.pi), opacity


def _mackerel(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, view: WindView) -> tuple[Tensor, Tensor]:
    """Altocumulus: rows of small cloudlets, in patches."""
    t = dome.distance(1.6)
    u, v = view.along * t * 0.11 + view.offset[6], view.across * t * 0.11 + view.offset[7]
    patches, warp = noise(u * 0.4, v * 0.4)[SOFT], noise(u * 0.9, v * 0.9)
    rows = torch.cos(6.2832 * (7 * u + 0.5 * warp[SOFT]))
    cells = noise(u * 0.45, v * 0.45)[DETAIL]
    detail = torch.exp(-((t / 8) ** 2))
    more = per_pixel(scene.more_clouds)
    density = torch.sigmoid(3 * ((0.9 * rows + 0.8 * cells) * detail + 0.6 * patches - 0.55 + more))
    opacity = (
        (density * per_pixel(scene.clouds(Clouds.MACKEREL)))[:, None] * (1 - torch.exp(-dome.z[:, None] * 9)) * 0.92
    )
    lit_by_sun = per_picture(lit.sun_aloft) * view.silver[:, None] * 0.16
    shade = (1.15 - 0.4 * density)[:, None]  # thicker middles are greyer than their edges
    return (lit_by_sun + per_picture(lit.ambient) * (0.8 / torch.pi)) * shade, opacity


def _deck(scene: Scene, dome: Dome, lit: Light, noise: NoiseAtlas, view: WindView) -> tuple[Tensor, Tensor]:
    """A layer without gaps; its underside is grey, patterned by thickness, brightest around the hidden sun."""
    overcast, storm = scene.clouds(Clouds.OVERCAST), scene.clouds(Clouds.STORM)
    t = dome.distance(0.9)
    u, v = view.along * t * 0.05 + view.offset[4], view.across * t * 0.05 + view.offset[5]
    warp = noise(u * 0.6, v * 0.6)
    bend = 0.02 * noise(u * 0.3, v * 0.3)[SOFT]  # as gentle
    body = noise(u * 1.3 + bend, v * 0.9 - bend)[BILLOW]
    fine = 0.35 * noise(u * 3.1 + bend, v * 2.3 - bend)[BILLOW] + 0.2 * noise(u * 2.4 + bend, v * 2.4)[WISP]
    shape = 0.75 * warp[SOFT] + 0.7 * body + fine * torch.exp(-t / 8)
    thickness = torch.sigmoid(shape * per_pixel(1.1 + 0.4 * storm) + per_pixel(0.2 + 0.8 * storm))
    sun = per_picture(lit.sun_aloft)
    diffuse = sun * view.sun_height[:, None] * 0.11 + per_picture(lit.ambient) * (0.8 / torch.pi)
    diffuse = diffuse * 0.4 + luminance(diffuse)[:, None] * 0.6
    bright = 0.05 * henyey_greenstein(0.75, view.towards_sun).clamp(max=10) * (1 - thickness)
    colour = diffuse * (1.12 - per_picture(0.72 + 0.25 * storm) * thickness[:, None])
    colour = colour + sun * (bright * per_pixel(1 - 0.8 * storm))[:, None]
    colour = colour * (1 - 0.6 * per_picture(storm))
    slate = luminance(colour)[:, None] * per_picture(colour.new_tensor(SLATE)[None])
    colour = colour.lerp(slate, 0.5 * per_picture(storm))
    colour = colour + torch.exp(-dome.z[:, None] * 9) * per_picture(storm) * lit.horizon * 0.3
    veil = 1 - torch.exp(-((((t - 0.85).clamp(min=0) / 14.0) ** 1.3)[:, None]))
    far = luminance(lit.horizon)[:, None] * 0.45 + diffuse * 0.55
    colour = colour.lerp(far * (1 - 0.45 * per_picture(storm)), veil * (1 - 0.3 * per_picture(storm)))
    opacity = per_picture(overcast) * 0.985 + per_picture(storm) * (0.6 + 0.4 * thickness[:, None])
    rain = _rain(scene, dome, noise) * per_picture(storm)
    return colour.lerp(0.35 * far, rain), torch.maximum(opacity, rain)


def _rain(scene: Scene, dome: Dome, noise: NoiseAtlas) -> Tensor:
    """Opacity of a curtain of rain under two storms of three, [batch, 1, rows, width]."""
    draws = scene.uniform("rain", 4)
    turn = dome.longitude[None] - per_pixel(draws[:, 0]) * 6.2832 + 0.15 * dome.elevation[None]  # slanted by the wind
    streaks = noise(turn / 6.2832 * 2 + per_pixel(draws[:, 1]), dome.elevation[None] * 0.05)[WISP]
    spread = per_pixel(0.25 + 0.4 * draws[:, 2])
    curtain = torch.exp(-((1 - turn.cos()) / spread.square())) * (0.85 + 0.2 * streaks).clamp(0, 1)
    below_base = torch.sigmoid((0.42 - dome.elevation[None]) * 12)
    return (0.85 * curtain * below_base * per_pixel((draws[:, 3] < 0.66).float()))[:, None]
