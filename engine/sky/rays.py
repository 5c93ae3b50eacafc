"""Crepuscular rays: beams and shadows in the air that fan out from a sun behind a cloud.

All straight lines along sunlight meet at the sun, so the light that has reached the air in a direction has passed what
stands on the arc from there to the sun. Clouds are read once on a grid of arcs, summed along each and put back, as in
Mitchell, "Volumetric Light Scattering as a Post-Process" (GPU Gems 3), on the sphere.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .lighting import Light
from .noise import SOFT, WISP, NoiseAtlas
from .scene import Dome, Scene, per_picture, per_pixel

BANK = 2.6  # how much denser clouds are in the bank before the sun
_BANK_SIZE, _BANK_ABOVE = (0.55, 0.17), 0.06  # radians: half of it across and up, and its middle above the sun
FEWEST = 1.1  # threshold of density: around the bank there are at least a few clouds
_ARCS, _STEPS, _REACH = 512, 96, 1.5  # reach: radians
_FADE = 0.7  # radians from the sun over which a beam is lost
_NEAR = 0.35  # radians; clouds farther than these from the sun add little to the pattern


def bank_before_sun(scene: Scene, dome: Dome) -> Tensor:
    """How much a bank of clouds hides the sun of a sky with rays: 1 in its middle, [batch, rows, width]."""
    across = dome.turn_from(scene.sun_longitude) * dome.horizontal / _BANK_SIZE[0]
    above = (dome.elevation[None] - torch.deg2rad(per_pixel(scene.sun_elevation)) - _BANK_ABOVE) / _BANK_SIZE[1]
    return per_pixel(scene.rays) * torch.exp(-(across.square() + above.square()))


def beams(scene: Scene, dome: Dome, lit: Light, arcs: Tensor, sky: Tensor) -> Tensor:
    """*sky* [batch, 3, rows, width] behind air with beams, which are as :func:`along_arcs` tells."""
    right, up = _beside_sun(scene)
    angle = dome.angle_to(scene.sun)
    around = torch.atan2(dome.cosine_to(up), dome.cosine_to(right)) % (2 * math.pi)
    u = (around / (2 * math.pi) * _ARCS + 1) / (_ARCS + 1) * 2 - 1
    v = (angle / _REACH * _STEPS - 0.5) / (_STEPS - 1) * 2 - 1
    padded = F.pad(arcs[:, None], (1, 1, 0, 0), mode="circular")
    lighted = F.grid_sample(padded, torch.stack([u, v], -1), align_corners=True, padding_mode="border")

    below = torch.sigmoid((torch.deg2rad(per_pixel(scene.sun_elevation)) - dome.elevation[None]) / 0.1)
    strength = per_pixel(scene.rays) * torch.exp(-angle / _FADE) * (1 - angle / _REACH).clamp(min=0)
    strength = strength * (0.35 + 0.65 * below) * (1 - torch.exp(-((angle / 0.1) ** 2)))
    strength = strength * (1 - bank_before_sun(scene, dome)) ** 2  # the air before the bank is in its shadow
    glare = per_pixel(scene.rays) * torch.exp(-((angle / 0.45) ** 2))  # of air that the bank keeps from the sun
    shaded = sky * ((1 - 0.5 * glare) * (1 - 0.6 * strength * (1 - lighted[:, 0])))[:, None]
    return shaded + per_picture(lit.sun) * (0.1 * strength[:, None] * lighted)


def along_arcs(scene: Scene, dome: Dome, noise: NoiseAtlas, transmittance: Tensor) -> Tensor:
    """From 0, in shadow, to 1, in a beam, by the distance from the sun and the arc, [batch, steps, arcs].

    *transmittance*: of the clouds in the whole upper half, [batch, 1, rows, width]. Arcs go round clockwise, the first
    to the sun's right; told from what other arcs let through at the same distance, so that there are always both.
    """
    right, up = _beside_sun(scene)
    away = ((torch.arange(_STEPS, device=transmittance.device) + 0.5) / _STEPS * _REACH)[:, None]
    around = (torch.arange(_ARCS, device=transmittance.device) + 0.5) / _ARCS * 2 * math.pi
    ahead, level, steep = away.cos(), away.sin() * around.cos(), away.sin() * around.sin()
    x, y, z = (
        per_pixel(scene.sun[:, i]) * ahead + per_pixel(right[:, i]) * level + per_pixel(up[:, i]) * steep
        for i in range(3)
    )
    passed = dome.look_up(transmittance, x, y, z)[:, 0]
    weight = torch.exp(-away / _NEAR)
    mean = (passed * weight).cumsum(1) / weight.cumsum(0)
    typical, spread = mean.mean(2, keepdim=True), mean.std(2, keepdim=True)
    a, b = (per_pixel(draw) * 9 for draw in scene.uniform("rays", 2).unbind(1))
    gaps = noise(0.22 * around.cos() + a, 0.22 * around.sin() + b)
    gaps = 0.8 * gaps[WISP] + 0.5 * gaps[SOFT]  # holes that are too small to see
    return torch.sigmoid(2.0 * ((mean - typical) / spread.clamp(min=0.02) + gaps) - 0.6)


def _beside_sun(scene: Scene) -> tuple[Tensor, Tensor]:
    """Unit directions right of the sun and above it, [batch, 3]."""
    right = torch.stack([-scene.sun_longitude.sin(), scene.sun_longitude.cos(), torch.zeros_like(scene.sun[:, 2])], -1)
    return right, torch.linalg.cross(scene.sun, right)
