"""The skyline of a forest: rows of firs or round crowns, each row nearer, taller and darker."""

import math

import torch
from torch import Tensor

from .scene import Dome, Scene, per_pixel

_STOREYS = 11.0  # tiers of branches on the tallest fir
_UNDERGROWTH = 0.2  # of the tallest tree
_LUMPS = ((0.05, 5.0), (0.025, 13.0), (0.01, 31.0))  # of a round crown's edge: how high, and how many


def crowns(scene: Scene, dome: Dome, row: str, count: int, tallest: float) -> Tensor:
    """Angle above the ground that *count* trees around the horizon reach, [batch, rows, width]; undergrowth between.

    *tallest*: radians. Firs or round crowns as each sky's seed has it; a tree's edge depends on the height looked at.
    """
    draws = scene.uniform(f"trees {row}", count, 3)
    fir = per_pixel((scene.uniform("firs") < 0.6).float())
    place = dome.longitude[0] / (2 * math.pi) * count
    share = (dome.elevation / tallest)[None]
    top = torch.zeros(len(scene), dome.rows, dome.width, device=scene.device)
    for neighbour in (-1, 0, 1):
        index = (place.floor().long() + neighbour) % count
        tall, off, grown = (draws[:, index, kind][:, None] for kind in range(3))
        height = 0.4 + 0.6 * tall
        away = place - (place.floor() + neighbour + 0.5) - 0.6 * (off - 0.5)
        below = height - share
        tier = _STOREYS * below * (0.8 + 0.5 * grown) + 5 * off
        branches = 0.6 + 0.4 * (tier % 1) + 0.16 * torch.sin(2.7 * tier.floor() + 9 * grown + 3 * away.sign())
        cone = share + ((0.7 + 0.3 * grown) * below.clamp(min=-1) * branches - away.abs()) * height
        edge = [size * torch.sin(waves * (away + 3 * grown)) for size, waves in _LUMPS]
        dome_like = height * (1 + torch.stack(edge).sum(0)) * (1 - (away / 1.05).square()).clamp(min=0).sqrt()
        top = torch.maximum(top, torch.where(fir > 0, cone, dome_like))
    return top.clamp(min=_UNDERGROWTH) * tallest
