"""The sky around a pole: from a flat view back into the panorama."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from .equirectangular import degrees_from, direction, directions, pixels
from .gnomonic import View, frame
from .resampling import at_pixels

_WHOLE, _END = 0.5, 0.9  # of the view's half angle: to where it replaces the panorama, and where it is gone
_PIXELS = 1 << 17  # at once


def paste_cap(
    panorama: Tensor, view: View, picture: Tensor, rows: range | None = None, columns: range | None = None
) -> None:
    """Put *picture* ``[C, n, n]``, which is *view*, into *panorama* ``[C, H, 2 H]`` around the view's middle, fading
    out before the view's edge.

    rows, columns: the part of the view ``[C, rows + 2 m, columns + 2 m]`` that *picture* is, with *m* pixels more to
    each side. Parts that make up a view, one after the other, are the same as the view.
    """
    rows, columns = rows or range(view.size), columns or range(view.size)
    margin, height = (picture.shape[1] - len(rows)) // 2, panorama.shape[1]
    whole, end = (share * view.angle / 2 for share in (_WHOLE, _END))
    for band, places in _blocks(view, rows, columns, height):
        places = places.to(panorama.device)
        towards = directions(height, panorama.device, band, places)
        _, _, forward = frame(view.azimuth, view.elevation, towards)
        angle = degrees_from(forward, towards)
        if angle.min() >= end:
            continue
        row, column, _ = view.pixels(towards)
        inside = _between(row, rows) & _between(column, columns)
        share = ((end - angle) / (end - whole)).clamp(0, 1)
        share = (0.5 - 0.5 * (share * math.pi).cos()) * inside
        seen = at_pixels(picture[None], row - rows.start + margin, column - columns.start + margin, "bicubic")
        panorama[:, band, places] = panorama[:, band, places].lerp(seen, share)


def _between(place: Tensor, pixels: range) -> Tensor:
    """Whether each *place* is nearest to one of *pixels*."""
    return (place >= pixels.start - 0.5) & (place < pixels.stop - 0.5)


def _blocks(view: View, rows: range, columns: range, height: int) -> Iterator[tuple[slice, Tensor]]:
    """Rows and columns of a panorama of *height* rows, in which all is that is in *rows* and *columns* of *view*."""
    down, across = (range(some.start - 1, some.stop + 1) for some in (rows, columns))
    edges = [(down[:1], across), (down[-1:], across), (down, across[:1]), (down, across[-1:])]
    row, column = pixels(torch.cat([view.directions(*edge).flatten(1) for edge in edges], 1), height)
    first, last, places = int(row.min()), int(row.max()) + 2, torch.arange(2 * height)
    zenith, nadir = (_shows(view, down, across, direction(0.0, rise)) for rise in (90.0, -90.0))
    if zenith or nadir:
        first, last = 0 if zenith else first, height if nadir else last
    else:
        apart = (column - column[0] + height) % (2 * height) - height
        places = torch.arange(int(apart.min()) - 1, int(apart.max()) + 2).add(int(column[0])) % (2 * height)
    step = max(1, _PIXELS // len(places))
    for start in range(max(0, first), min(last, height), step):
        yield slice(start, min(start + step, last, height)), places


def _shows(view: View, rows: range, columns: range, towards: Tensor) -> bool:
    row, column, _ = view.pixels(towards)
    ahead = frame(view.azimuth, view.elevation, towards)[2] @ towards > 0
    return bool(ahead & _between(row, rows) & _between(column, columns))
