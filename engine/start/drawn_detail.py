"""What is small in a sky that began with a drawn layout: drawn again, in the tones that were painted.

A model composes with few pixels: its clouds have no edges, its stars and trees are smudges, and enlarged, its sea is as
smooth as fog. What it began with can be drawn at any size. So of what is painted there stays what is larger than a few
degrees (on the ground, some 30), its light and its colours, and what is smaller is drawn; where the model has painted
something else than was drawn, all stays, but for what stands on the horizon: a mountain with a gap is none.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from ..job import Job
from ..job_parts import Layout
from ..light.transfer import Transfer
from ..sphere.enlarging import resized
from ..sphere.equirectangular import degrees_from, direction, directions
from .given import Given, drawn_parts
from .layout import drawn_rows, standing
from .prompt_layout import beginning
from .regions import shares
from .untaught import untaught


@dataclass(frozen=True)
class _Likeness:
    """What counts as the same thing, painted and drawn.

    Tones, means of *cells* around the horizon, are apart by the root of the squares of their difference in light and
    in colour, in picture values, weighed by *light* and *colour*: up to *alike* it is one thing, from *unlike* on two.
    What they differ by within *broad* cells to each side, twice, does not count, if that is not 0. What is painted has
    its own tones within *wide* cells to each side, twice; smaller ones are drawn.
    """

    cells: int
    alike: float
    unlike: float
    light: float
    colour: float
    broad: int
    wide: int

    def share(self, change: Tensor) -> Tensor:
        """How much ``[1, h, w]`` of what differs by a *change* ``[3, h, w]`` of tones is the same."""
        change = change - _smooth(change, self.broad) if self.broad else change
        light = change.mean(0, keepdim=True)
        colour = (change - light).square().mean(0, keepdim=True)
        apart = ((self.light * light).square() + self.colour**2 * colour).sqrt()
        return ((self.unlike - apart) / (self.unlike - self.alike)).clamp(0, 1)

    def cell(self, rows: int) -> int:
        """Side in pixels of a cell, where half of the panorama has *rows*."""
        return math.gcd(1 << max(0, int(math.log2(4 * rows / self.cells))), rows)


_HALVES = (
    # A glow may be another. Clouds, some 10 degrees wide, may not: drawn where none is painted, they would be ghosts.
    _Likeness(cells=128, alike=0.02, unlike=0.06, light=1.0, colour=4.0, broad=4, wide=1),
    # Light may fall elsewhere on the same ground, its colours are its own. Sand and grass that are painted have blots,
    # so tones of a ground are compared, too, by what is larger than these.
    _Likeness(cells=256, alike=0.13, unlike=0.19, light=0.5, colour=3.0, broad=0, wide=12),
)  # sky, ground
_DECKS = ("overcast", "storm")  # They are everywhere, so no cloud that is drawn there is a ghost.
_SEEN = 512  # rows of the sky that tells its light, and that water mirrors
_PIXELS = 1 << 17  # that are drawn at once
_GLOW = 10.0  # degrees around a sun within which it is no darker than drawn: painted dark, it would be a mere dot
_FEW, _SAMPLED = 1 << 18, 4  # pixels of a half up to which all are compared; beyond, one row of as many is


def draw_detail(picture: Tensor, job: Job, transfer: Transfer, given: Given | None) -> Iterator[None]:
    """Draw what is small in its layout into *picture* ``[3, H, 2 H]`` of *transfer*'s values, painted for a *job*.

    In place and in bands, see :func:`bands_to_draw`; yields after each. given: photos stay as they are, and so do
    regions with prompts of their own if they are not drawn. job: completed.
    """
    layout = beginning(job)
    if layout is None:
        return
    rows = picture.shape[1] // 2
    width = job.base_width or 4 * rows
    draws: dict[Layout, Callable[[int, range], Tensor]] = {}
    for first, likeness in zip((0, rows), _HALVES, strict=True):
        cell = likeness.cell(rows)
        cells = 2 * rows // cell, 4 * rows // cell
        half = slice(first // cell, (first + rows) // cell)
        free = 1 - resized(given.hold, cells[1]) if given else torch.ones(1, *cells)
        if job.regions and job.layout != "prompt":
            free = free * shares(job.regions, width, cells)[0]
        parts = drawn_parts(job, layout, width, cells)
        draws = draws or {one: drawn_rows(one, min(_SEEN, 2 * rows)) for one in parts}
        glow = sum((_glow(one, cells[0]) * part for one, part in parts.items()), torch.zeros(()))
        unknown = sum((untaught(one, cells[0]) * part for one, part in parts.items()), torch.zeros(()))
        stands = torch.zeros(1, *cells)
        if not first:  # nothing stands below the horizon
            stands = sum((standing(one, cells[0]) * part for one, part in parts.items()), stands)
        deck = sum((part * (one.clouds in _DECKS and not first) for one, part in parts.items()), torch.zeros(()))
        drawn = _Half(first, cell, [(draws[one], part[:, half]) for one, part in parts.items()], transfer)
        alike = torch.maximum(glow**0.25, deck)  # twice as far around a sun: painted too dark, it is still the sun
        maps = (some[:, half] for some in (glow, unknown, stands, alike, free))
        yield from _redraw(picture, drawn, likeness, *maps)


def bands_to_draw(height: int) -> int:
    """How many bands :func:`draw_detail` takes for a picture of *height* rows."""
    rows = height // 2
    return sum(len(_samples(rows, likeness.cell(rows))) + len(_bands(rows)) for likeness in _HALVES)


def _redraw(
    picture: Tensor,
    drawn: "_Half",
    likeness: _Likeness,
    glow: Tensor,
    unknown: Tensor,
    stands: Tensor,
    alike: Tensor,
    free: Tensor,
) -> Iterator[None]:
    """One half of *picture*, where it is *free* ``[1, h, w]`` for that, as bright as drawn in the *glow*, and just as
    drawn where what is drawn is *unknown* to the model, or *stands* on its horizon and was painted as something
    else. What is *alike* is so whatever its tones."""
    rows, cell = picture.shape[1] // 2, drawn.cell
    own = picture[:, drawn.first : drawn.first + rows]
    apart, kept, samples = [], dict[range, Tensor](), _samples(rows, cell)
    whole = samples == _bands(rows)  # then what is drawn to compare tones is what is to be seen
    for band in samples:
        seen = drawn.rows(rows, band)
        if whole:
            kept[band] = seen
        apart.append(avg_pool2d(own[:, band.start : band.stop] - seen, (min(len(band), cell), cell)))
        yield
    change = torch.cat(apart, 1)
    tones = _smooth(change, likeness.wide)
    same = _smooth(likeness.share(tones))
    unknown = torch.maximum(unknown, stands * (1 - same))
    share = torch.maximum(same, torch.maximum(alike, unknown)) * free
    both = torch.cat([(tones - glow * tones.clamp(max=0)) * (1 - unknown), share])
    for band in _bands(rows):
        larger = _between(both, band, cell)
        seen = kept.pop(band) if whole else drawn.rows(rows, band)
        own[:, band.start : band.stop].lerp_(seen + larger[:3], larger[3:])
        yield


def _glow(layout: Layout, height: int) -> Tensor:
    """Nearness ``[1, height, 2 * height]`` to its sun or moon, whose light and place are the layout's in the end."""
    if layout.light == "stars":
        return torch.zeros(1, height, 2 * height)
    angle = degrees_from(direction(layout.azimuth, layout.elevation), directions(height))
    return torch.exp(-((angle / _GLOW) ** 2))[None]


def _samples(rows: int, cell: int) -> list[range]:
    """Those of a half that are drawn to compare tones: all, or of many some in the middle of cells."""
    if 4 * rows * rows <= _FEW:
        return _bands(rows, cell)
    some = max(1, cell // _SAMPLED)
    return [range(row, row + some) for row in range((cell - some) // 2, rows, cell)]


def _bands(rows: int, unit: int = 1) -> list[range]:
    """All *rows* of a half, whole *units* in each."""
    step = max(1, _PIXELS // (4 * rows) // unit) * unit
    return [range(first, min(first + step, rows)) for first in range(0, rows, step)]


@dataclass(frozen=True)
class _Half:
    """Half a panorama, from row *first* on. parts: what draws rows, and how much ``[1, h, w]`` of each cell of *cell*
    pixels is of that."""

    first: int
    cell: int
    parts: list[tuple[Callable[[int, range], Tensor], Tensor]]
    transfer: Transfer

    def rows(self, count: int, band: range) -> Tensor:
        """Values ``[3, rows, 4 * count]`` of a *band* of *count* rows."""
        rows = range(self.first + band.start, self.first + band.stop)
        seen = torch.stack([draw(2 * count, rows) * _between(part, band, self.cell) for draw, part in self.parts])
        return self.transfer.from_radiance(seen.sum(0))


def _smooth(cells: Tensor, reach: int = 1) -> Tensor:
    """Means over *reach* cells to each side, twice."""
    for _ in range(2):
        cells = avg_pool2d(_with_margin(cells, reach), 2 * reach + 1, stride=1)
    return cells


def _with_margin(cells: Tensor, wide: int = 1) -> Tensor:
    """Around the ring, and mirrored at the horizon and at a pole: repeated, the row there would count for many."""
    count = cells.shape[1]
    place = torch.arange(-wide, count + wide) % (2 * count)
    rows = cells[:, torch.minimum(place, 2 * count - 1 - place)]
    return pad(rows[None], (wide, wide, 0, 0), mode="circular")[0]


def _between(cells: Tensor, rows: range, cell: int) -> Tensor:
    """*rows* of pixels of *cells* ``[C, h, w]``, enlarged *cell* times."""
    around = _with_margin(cells)
    place = (torch.arange(rows.start, rows.stop) + 0.5) / cell + 0.5
    above = place.long()
    mixed = around[:, above].lerp(around[:, above + 1], (place - above)[:, None])
    return interpolate(mixed[None], scale_factor=(1, cell), mode="bilinear")[0, :, :, cell:-cell]
