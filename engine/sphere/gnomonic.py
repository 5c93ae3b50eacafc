"""Flat views of the sphere (gnomonic projection): great circles, and so straight things, are straight in them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .equirectangular import direction
from .resampling import Reader, sample

_BAND = 64  # rows that are rendered at once


def frame(azimuth: float, elevation: float, like: Tensor, roll: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vectors ``[3]`` to the right, up and forward of a camera that was turned clockwise by *roll* degrees."""
    forward = direction(azimuth, elevation).to(like)
    level = direction(azimuth + 90, 0.0).to(like)
    above, turn = torch.linalg.cross(level, forward), math.radians(roll)
    if not roll:
        return level, above, forward
    return level * math.cos(turn) - above * math.sin(turn), level * math.sin(turn) + above * math.cos(turn), forward


def reaches(vectors: Tensor, axes: tuple[Tensor, ...]) -> Iterator[Tensor]:
    """How far *vectors* ``[3, ...]`` reach along each of *axes* ``[3]``."""
    return (torch.tensordot(axis, vectors, dims=1) for axis in axes)


@dataclass(frozen=True)
class View:
    """A square picture of *size* pixels a side, *angle* degrees across (below 180), looking to *azimuth*, *elevation*.

    It is upright. Looking straight up or down, *azimuth* is the direction of its lower (up) or upper (down) edge.
    """

    azimuth: float
    elevation: float
    angle: float
    size: int

    @property
    def reach(self) -> float:
        """Half the view's width at a distance of 1."""
        return math.tan(math.radians(self.angle / 2))

    def directions(
        self, rows: range | None = None, columns: range | None = None, device: torch.device | str = "cpu"
    ) -> Tensor:
        """Unit vectors ``[3, rows, columns]`` through the pixels' centres: of all, or of some, also beyond the edge."""
        whole = range(self.size)
        y, x = (
            (torch.tensor(places or whole, dtype=torch.float32, device=device) + 0.5) * (2 / self.size) - 1
            for places in (rows, columns)
        )
        right, up, forward = (axis[:, None, None] for axis in frame(self.azimuth, self.elevation, x))
        vectors = forward + self.reach * (x * right - y[:, None] * up)
        return vectors / vectors.norm(dim=0)

    def pixels(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Row and column, with fractions, where *vectors* ``[3, ...]`` meet the view, and whether they do.

        Pixel centres are at whole numbers.
        """
        right, up, forward = reaches(vectors, frame(self.azimuth, self.elevation, vectors))
        depth = forward.clamp(min=1e-6) * self.reach
        x, y = right / depth, -up / depth
        seen = (forward > 0) & (x.abs() <= 1) & (y.abs() <= 1)
        return (y + 1) * (self.size / 2) - 0.5, (x + 1) * (self.size / 2) - 0.5, seen


def render(
    read: Reader,
    height: int,
    view: View,
    mode: str = "bilinear",
    device: torch.device | str = "cpu",
    rows: range | None = None,
    columns: range | None = None,
) -> Tensor:
    """The panorama of *height* rows that *read* reads, seen in *view*: ``[C, size, size]``, or some *rows* and
    *columns* of that, also beyond its edge.

    Each pixel is the mean of points that are half a pixel of the panorama apart or less, so that nothing flickers and
    even a sun of one pixel keeps its energy within a few percent.
    """
    per_pixel = math.ceil(2 * height / math.pi / (view.size / (2 * view.reach)))
    fine = View(view.azimuth, view.elevation, view.angle, view.size * per_pixel)
    down, across = rows or range(view.size), columns or range(view.size)
    columns = range(across.start * per_pixel, across.stop * per_pixel)
    bands = []
    for first in range(down.start, down.stop, _BAND):
        band = range(first * per_pixel, min(first + _BAND, down.stop) * per_pixel)
        bands.append(avg_pool2d(sample(read, height, fine.directions(band, columns, device), mode), per_pixel))
    return torch.cat(bands, 1)
