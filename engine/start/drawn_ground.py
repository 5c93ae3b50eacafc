"""The ground of an enlarged sky that began with a drawn layout: drawn again at full size, in the tones it has.

A model composes with few pixels, and enlarged, its sea is as smooth as fog. What it began with can be drawn at any
size. So of the painted ground there stays what is larger than a few degrees, its light and its colours, and what is
smaller is drawn; where the model has painted another ground than was drawn, all stays.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from ..job import Job
from ..light.transfer import Transfer
from ..sphere.enlarging import resized
from .given import Given
from .layout import beginning, ground_rows
from .regions import shares

_CELLS = 256  # around the horizon, whose means are tones
_ALIKE, _UNLIKE = 0.1, 0.15  # distance of tones, in picture values, up to which a ground is the same, and another
_LIGHT, _COLOUR = 0.5, 3.0  # in that distance: light may fall elsewhere on the same ground, its colours are its own
_MIRRORED = 512  # rows of the sky that water mirrors
_PIXELS = 1 << 17  # that are drawn at once


def with_drawn_ground(picture: Tensor, job: Job, transfer: Transfer, given: Given | None) -> Tensor:
    """*picture* ``[3, H, 2 H]`` of *transfer*'s values, painted for a completed *job*, with the ground of its layout.

    Changed in place, in bands. given: photos stay as they are, and so do regions with prompts of their own. A coast and
    fog are not drawn.
    """
    layout = beginning(job)
    if layout is None or layout.fog or layout.ground == "coast":
        return picture
    height, width = picture.shape[1:]
    lower = picture[:, height // 2 :]
    cell = math.gcd(1 << max(0, int(math.log2(width / _CELLS))), height // 2, width)

    draw = ground_rows(layout, _MIRRORED)

    def drawn(of_height: int, rows: range) -> Tensor:
        return transfer.from_radiance(draw(of_height, rows))

    # Tones are seen as well with half as many pixels.
    fewer = 2 if cell > 1 else 1
    tones = _cell_means(partial(drawn, height // fewer), height // 2 // fewer, cell // fewer)
    painted = _cell_means(lambda rows: lower[:, rows.start : rows.stop], height // 2, cell)
    change = _smooth(painted - tones)
    share = _smooth(((_UNLIKE - _apart(change)) / (_UNLIKE - _ALIKE)).clamp(0, 1))
    share = share * _free(job, given, (2 * share.shape[1], share.shape[2]))[:, share.shape[1] :]
    change = torch.cat([change, share])
    for rows in _bands(height // 2, width, cell):
        larger = _between(change, range(rows.start // cell, rows.stop // cell), cell)
        own = lower[:, rows.start : rows.stop]
        own.lerp_(drawn(height, rows) + larger[:3], larger[3:])
    return picture


def _apart(change: Tensor) -> Tensor:
    """How far a *change* ``[3, h, w]`` of tones leads from a kind of ground to another, ``[1, h, w]``."""
    light = change.mean(0, keepdim=True)
    colour = (change - light).square().mean(0, keepdim=True)
    return ((_LIGHT * light).square() + _COLOUR**2 * colour).sqrt()


def _free(job: Job, given: Given | None, cells: tuple[int, int]) -> Tensor:
    """How much of each cell is neither a photo's nor a region's, ``[1, *cells]``."""
    free = 1 - resized(given.hold, cells[1]) if given else torch.ones(1, *cells)
    if job.regions:
        assert job.base_width is not None
        free = free * shares(job.regions, job.base_width, cells)[0]
    return free


def _cell_means(read: Callable[[range], Tensor], rows: int, cell: int) -> Tensor:
    """Means of *cell* by *cell* pixels of all *rows* that are read in bands."""
    width = 4 * rows
    return torch.cat([avg_pool2d(read(band), cell) for band in _bands(rows, width, cell)], 1)


def _bands(rows: int, width: int, cell: int) -> list[range]:
    """All *rows*, in bands of whole cells."""
    step = max(1, _PIXELS // width // cell) * cell
    return [range(first, min(first + step, rows)) for first in range(0, rows, step)]


def _smooth(cells: Tensor) -> Tensor:
    for _ in range(2):
        cells = avg_pool2d(_with_margin(cells), 3, stride=1)
    return cells


def _with_margin(cells: Tensor) -> Tensor:
    """Around the ring, and neither beyond the horizon nor beyond the nadir."""
    return pad(pad(cells[None], (1, 1, 0, 0), mode="circular"), (0, 0, 1, 1), mode="replicate")[0]


def _between(cells: Tensor, rows: range, cell: int) -> Tensor:
    """*rows* of *cells*, enlarged *cell* times."""
    around = _with_margin(cells)[:, rows.start : rows.stop + 2]
    return interpolate(around[None], scale_factor=cell, mode="bilinear")[0, :, cell:-cell, cell:-cell]
