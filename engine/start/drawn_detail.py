"""What is small in a sky that began with a drawn layout: drawn again, in the tones that were painted.

A model composes with few pixels: its clouds have no edges, its stars and trees are smudges, and enlarged, its sea is as
smooth as fog. What it began with can be drawn at any size. So of what is painted there stays what is larger than a few
degrees, its light and its colours, and what is smaller is drawn; where the model has painted something else than was
drawn, all stays.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from ..job import Job
from ..light.transfer import Transfer
from ..sphere.enlarging import resized
from .given import Given, drawn
from .layout import beginning, ground_rows
from .regions import shares


@dataclass(frozen=True)
class _Likeness:
    """What counts as the same thing, painted and drawn.

    Tones, means of *cells* around the horizon, are apart by the root of the squares of their difference in light and
    in colour, in picture values, weighed by *light* and *colour*: up to *alike* it is one thing, from *unlike* on two.
    """

    cells: int
    alike: float
    unlike: float
    light: float
    colour: float

    def share(self, light: Tensor, colour: Tensor) -> Tensor:
        """How much of ``[1, h, w]`` is the same, from a difference in *light* and the square of that in *colour*."""
        apart = ((self.light * light).square() + self.colour**2 * colour).sqrt()
        return ((self.unlike - apart) / (self.unlike - self.alike)).clamp(0, 1)

    def cell(self, rows: int) -> int:
        """Side in pixels of a cell, where half of the panorama has *rows*."""
        return math.gcd(1 << max(0, int(math.log2(4 * rows / self.cells))), rows)


# A cloud is where it is bright and grey: drawn where none is painted, it would be a ghost.
_SKY = _Likeness(cells=128, alike=0.02, unlike=0.06, light=1.0, colour=4.0)
# Light may fall elsewhere on the same ground, its colours are its own.
_GROUND = _Likeness(cells=256, alike=0.1, unlike=0.15, light=0.5, colour=3.0)
_BROAD = 4  # cells of a sky, to each side, twice: about 10 degrees, within which a glow may be another and a cloud not
_MIRRORED = 512  # rows of the sky that water mirrors
_PIXELS = 1 << 17  # that are drawn at once


def with_drawn_sky(picture: Tensor, job: Job, transfer: Transfer, given: Given | None) -> Tensor:
    """*picture* ``[3, H, 2 H]`` of *transfer*'s values, painted for a completed *job*, with its layout's sky.

    Changed in place. given: photos stay as they are. All of the layout is drawn at this size, so it should be the size
    of a composition.
    """
    layout = beginning(job)
    if layout is None:
        return picture
    rows = picture.shape[1] // 2
    cell = _SKY.cell(rows)
    upper, sky = picture[:, :rows], transfer.from_radiance(drawn(job, layout, 4 * rows)[:, :rows])
    change = _smooth(avg_pool2d(upper - sky, cell))
    share = _smooth(_SKY.share(*_light_and_colour(change - _smooth(change, _BROAD))))
    share = share * _free(job, given, cell, rows, without_regions=job.layout != "prompt")[:, : rows // cell]
    larger = _between(torch.cat([change, share]), range(rows // cell), cell)
    upper.lerp_(sky + larger[:3], larger[3:])
    return picture


def with_drawn_ground(picture: Tensor, job: Job, transfer: Transfer, given: Given | None) -> Tensor:
    """As :func:`with_drawn_sky`, the ground, and in bands, at any size. Regions with prompts of their own stay as they
    are. A coast and fog are not drawn."""
    layout = beginning(job)
    if layout is None or layout.fog or layout.ground == "coast":
        return picture
    height, width = picture.shape[1:]
    rows = height // 2
    lower, cell = picture[:, rows:], _GROUND.cell(rows)
    draw = ground_rows(layout, _MIRRORED)

    def ground(of_height: int, band: range) -> Tensor:
        return transfer.from_radiance(draw(of_height, band))

    # Tones are seen as well with half as many pixels.
    fewer = 2 if cell > 1 else 1
    tones = _cell_means(partial(ground, height // fewer), rows // fewer, cell // fewer)
    change = _smooth(_cell_means(lambda band: lower[:, band.start : band.stop], rows, cell) - tones)
    share = _smooth(_GROUND.share(*_light_and_colour(change)))
    share = share * _free(job, given, cell, rows)[:, rows // cell :]
    change = torch.cat([change, share])
    for band in _bands(rows, width, cell):
        larger = _between(change, range(band.start // cell, band.stop // cell), cell)
        lower[:, band.start : band.stop].lerp_(ground(height, band) + larger[:3], larger[3:])
    return picture


def _light_and_colour(change: Tensor) -> tuple[Tensor, Tensor]:
    """Of a *change* ``[3, h, w]`` of tones, that in light, and the square of that in colour, ``[1, h, w]``."""
    light = change.mean(0, keepdim=True)
    return light, (change - light).square().mean(0, keepdim=True)


def _free(job: Job, given: Given | None, cell: int, rows: int, without_regions: bool = True) -> Tensor:
    """How much of each cell is no photo's, and perhaps no region's, ``[1, h, 2 h]``."""
    cells = 2 * rows // cell, 4 * rows // cell
    free = 1 - resized(given.hold, cells[1]) if given else torch.ones(1, *cells)
    if job.regions and without_regions:
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


def _smooth(cells: Tensor, reach: int = 1) -> Tensor:
    """Means over *reach* cells to each side, twice."""
    for _ in range(2):
        cells = avg_pool2d(_with_margin(cells, reach), 2 * reach + 1, stride=1)
    return cells


def _with_margin(cells: Tensor, wide: int = 1) -> Tensor:
    """Around the ring, and neither beyond the horizon nor beyond a pole."""
    return pad(pad(cells[None], (wide, wide, 0, 0), mode="circular"), (0, 0, wide, wide), mode="replicate")[0]


def _between(cells: Tensor, rows: range, cell: int) -> Tensor:
    """*rows* of *cells*, enlarged *cell* times."""
    around = _with_margin(cells)[:, rows.start : rows.stop + 2]
    return interpolate(around[None], scale_factor=cell, mode="bilinear")[0, :, cell:-cell, cell:-cell]
