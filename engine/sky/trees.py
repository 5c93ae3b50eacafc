"""The skyline of a forest: rows of firs or round crowns, each row nearer, taller and darker."""

import math

import torch
from torch import Tensor

from .scene import Dome, Scene, per_pixel

_STOREYS = 7.0  # tiers of branches on a fir
_UNDERGROWTH = 0.2  # of the tallest tree


def crowns(scene: Scene, dome: Dome, row: str, count: int, tallest: float) -> Tensor:
    """Angle above the ground that *count* trees around the horizon reach, [batch, rows, width]; undergrowth between.

    *tallest*: radians. Firs or round crowns as each sky's seed has it; a fir's edge depends on the height looked at.
    """
    draws = scene.uniform(f"trees {row}", count, 2)
    fir = per_pixel((scene.uniform("firs") < 0.6).float())
    place = dome.longitude[0] / (2 * math.pi) * count
    share = dome.elevation / tallest
    ragged = 0.72 + 0.28 * (share * _STOREYS % 1)[None]
    top = torch.zeros(len(scene), dome.rows, dome.width, device=scene.device)
    for neighbour in (-1, 0, 1):
        index = (place.floor().long() + neighbour) % count
        height = (0.45 + 0.55 * draws[:, index, 0])[:, None]
        centre = place.floor() + neighbour + 0.5 + 0.5 * (draws[:, index, 1] - 0.5)
        away = (place - centre).abs()[:, None]
        cone = height * (1 - away / (0.85 * ragged))
        dome_like = height * (1 - (away / 1.05).square()).clamp(min=0).sqrt()
        top = torch.maximum(top, torch.where(fir > 0, cone, dome_like))
    return top.clamp(min=_UNDERGROWTH) * tallest
