"""Edges for clouds that enlargement has left soft: a sky whose pixels are displaced by fractal noise.

Where a sky is smooth, nothing happens; where tones pass into each other, as at the edge of a cloud, they do so in
billows ("domain warping": Ebert et al., "Texturing and Modeling", 1994). Other than by sharpening, a decoder's texture
and its level lines get no stronger. What a model then paints of it looks like cloud again, not like marble.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..sky.noise import power_law
from .resampling import Reader, at_pixels

_TILE = 512  # pixels after which the noise repeats itself, at most
_LONGEST, _SHORTEST = 64, 8  # pixels of its waves, whose heights are as their lengths
_RISE, _FALL = (1.0, 5.0), (45.0, 60.0)  # degrees: horizon and ground stay, and the zenith, which has its own views
_MOST = 4  # standard deviations
_KERNEL = 2  # pixels to each side that a cubic kernel sees


def billowing(read: Reader, height: int, strength: float, generator: torch.Generator) -> Reader:
    """What reads the rows, none of them beyond a pole, of the panorama of *height* rows that *read* reads, with its sky
    displaced by *strength* pixels (root mean square)."""
    width = 2 * height
    size = math.gcd(width, _TILE)
    waves = max(1, size // _LONGEST), max(1, size // _SHORTEST)
    tiles = torch.stack([power_law(size, 2.0, *waves, generator) for _ in range(2)]).clamp(-_MOST, _MOST) * strength
    margin = math.ceil(_MOST * strength) + _KERNEL
    columns = torch.arange(width)

    def read_displaced(first: int, last: int) -> Tensor:
        rows = torch.arange(first, last)
        share = _share(90 - (rows + 0.5) * (180 / height))[:, None]
        if not share.any():
            return read(first, last)
        around = pad(read(first - margin, last + margin)[None], (margin, margin, 0, 0), mode="circular")
        down, right = (tile[rows % size].repeat(1, width // size) * share for tile in tiles)
        return at_pixels(around, (rows - first + margin)[:, None] + down, columns + margin + right, "bicubic")

    return read_displaced


def _share(elevation: Tensor) -> Tensor:
    """Of the displacement at *elevation*, in degrees."""
    rising, falling = ((elevation - start) / (end - start) for start, end in (_RISE, _FALL))
    return rising.clamp(0, 1) * (1 - falling.clamp(0, 1))
