"""What slopes have in common, near or far: their colours, the air before them, the gap that they leave a low sun."""

import math

import torch
from torch import Tensor

from .lighting import Light
from .scene import Dome, Scene, luminance, per_picture, per_pixel

ROCK, TREES, SAND, SNOW = (0.085, 0.088, 0.10), (0.028, 0.05, 0.022), (0.36, 0.23, 0.13), (0.72, 0.74, 0.78)
_LEAST_LIGHT = 0.075  # luminance that the shade of a slope is raised to, so that night is not a black cut-out
_GAP = math.radians(15)  # in which less stands before a low sun


def colour(like: Tensor, rgb: tuple[float, float, float]) -> Tensor:
    """*rgb* as [1, 3, 1, 1]."""
    return like.new_tensor(rgb).view(1, 3, 1, 1)


def skylight(lit: Light) -> Tensor:
    """Irradiance of slopes in the shade, [batch, 3, 1, 1]."""
    least = (_LEAST_LIGHT / luminance(lit.ambient).clamp(min=1e-4)).clamp(min=1)
    return per_picture(lit.ambient * least[:, None])


def air_share(scene: Scene, share: float | Tensor) -> Tensor:
    """What the air covers, [batch, 1, rows, width] or 1 for both: *share*, a number or [batch, rows, width], in clear
    air."""
    return (share + per_pixel(0.35 * scene.haze + 0.12 * scene.mist)).clamp(max=0.9)[:, None]


def with_gap(scene: Scene, dome: Dome, lit: Light, heights: Tensor) -> Tensor:
    """*heights* [batch, rows or 1, width], radians, lower where they, with edges a pixel wide, would hide sun or moon:
    whoever asks for a sunset in the mountains wants to see it, and Skyloom's light stage puts the disc there."""
    seen_above = per_pixel((torch.deg2rad(scene.sun_elevation - scene.gap) - dome.pixel / 2).clamp(min=0))
    near = (-((lit.turn[:, :1].abs() / _GAP) ** 2.5)).exp() * per_pixel(scene.disc_seen)
    return torch.minimum(heights, heights.lerp(seen_above, near))
