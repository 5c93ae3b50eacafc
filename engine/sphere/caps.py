"""The sky around a pole: from a flat view back into the panorama."""

import math

from torch import Tensor

from .equirectangular import degrees_from, directions
from .gnomonic import View, frame
from .resampling import at_pixels

_WHOLE, _END = 0.5, 0.9  # of the view's half angle: to where it replaces the panorama, and where it is gone
_BAND = 64  # rows at once


def paste_cap(panorama: Tensor, view: View, picture: Tensor) -> None:
    """Put *picture* ``[C, n, n]``, which is *view*, into *panorama* ``[C, H, 2 H]`` around the view's middle, fading
    out before the view's edge."""
    height = panorama.shape[1]
    whole, end = (share * view.angle / 2 for share in (_WHOLE, _END))
    for first in range(0, height, _BAND):
        rows = slice(first, min(first + _BAND, height))
        towards = directions(height, panorama.device, rows)
        _, _, forward = frame(view.azimuth, view.elevation, towards)
        angle = degrees_from(forward, towards)
        if angle.min() >= end:
            continue
        row, column, _ = view.pixels(towards)
        share = ((end - angle) / (end - whole)).clamp(0, 1)
        share = 0.5 - 0.5 * (share * math.pi).cos()
        panorama[:, rows] = panorama[:, rows].lerp(at_pixels(picture[None], row, column, "bicubic"), share)
