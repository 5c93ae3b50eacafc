"""Pictures on the sphere, read at any direction: around the seam and over the poles."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from .equirectangular import pixels

Reader = Callable[[int, int], Tensor]  # rows from the first to before the last; either may lie beyond a pole
_MARGIN = 2  # pixels around a point that a cubic kernel sees


def reader(panorama: Tensor) -> Reader:
    """What reads the rows of a panorama ``[C, H, 2 H]``. Beyond a pole they go on on the other side of the sphere."""

    def read(first: int, last: int) -> Tensor:
        height = panorama.shape[1]
        parts = []
        if first < 0:
            parts.append(_across(panorama[:, :-first]))
        parts.append(panorama[:, max(first, 0) : min(last, height)])
        if last > height:
            parts.append(_across(panorama[:, 2 * height - last :]))
        return torch.cat(parts, 1) if len(parts) > 1 else parts[0]

    return read


def around(panorama: Tensor, rows: range, columns: range) -> Tensor:
    """Some *rows* and *columns* of a panorama ``[C, H, 2 H]``, also beyond its seam and its poles."""
    height, width = panorama.shape[1:]
    row, column = torch.arange(rows.start, rows.stop), torch.arange(columns.start, columns.stop)
    beyond = (row < 0) | (row >= height)
    row = torch.where(row < 0, -1 - row, torch.where(row >= height, 2 * height - 1 - row, row))
    return panorama[:, row[:, None], (column + beyond[:, None] * (width // 2)) % width]


def _across(rows: Tensor) -> Tensor:
    """Rows next to a pole as they are seen from beyond it."""
    return rows.flip(1).roll(rows.shape[2] // 2, 2)


def sample(read: Reader, height: int, vectors: Tensor, mode: str = "bicubic") -> Tensor:
    """The panorama of *height* rows that *read* reads, at *vectors* ``[3, n, m]`` of any length: ``[C, n, m]``.

    mode: ``"bilinear"`` never leaves the range of the values, which matters for radiance; ``"bicubic"`` is sharper.
    Differentiable in the panorama. Only the rows that are needed are read.
    """
    row, column = pixels(vectors, height)
    first, last = int(row.detach().min().floor()) - _MARGIN + 1, int(row.detach().max().floor()) + _MARGIN + 1
    band = pad(read(first, last)[None], (_MARGIN, _MARGIN, 0, 0), mode="circular")
    return at_pixels(band, row - first, column + _MARGIN, mode)


def at_pixels(picture: Tensor, row: Tensor, column: Tensor, mode: str) -> Tensor:
    """*picture* ``[1, C, h, w]`` at *row* and *column* ``[n, m]``: ``[C, n, m]``; edges are repeated."""
    height, width = picture.shape[2:]
    place = torch.stack([column * (2 / max(width - 1, 1)) - 1, row * (2 / max(height - 1, 1)) - 1], -1)
    return grid_sample(picture, place[None].to(picture), mode=mode, padding_mode="border", align_corners=True)[0]
