"""Windows in rows and columns, for canvases that are higher than a window: two index sets, and weights that fade.

Where windows overlap they are blended with weights that fall off towards their edges, so that what differs between
neighbours shows no edge. One window after the other is worked on, so the memory is that of a few windows and of the
canvas, however large that is.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import ceil
from typing import Self

import torch
from torch import Tensor

from ..sphere.resampling import Reader

_OVERLAP = 1 / 4  # of a window, at least


@dataclass(frozen=True)
class Grid:
    """Index sets over a canvas ``[1, C, H, W]``. rows: ``[m, h]``. columns: ``[n, w]``, modulo W on a ring.

    Windows are numbered along the rows, from the top.
    """

    rows: Tensor
    columns: Tensor
    size: tuple[int, int]

    @classmethod
    def layout(cls, size: tuple[int, int], window: int, wraps: bool, device: torch.device | str = "cpu") -> Self:
        """Square windows of *window* places a side, fewer where the canvas of *size* (height, width) has fewer."""
        height, width = size
        across = _around(width, window, device) if wraps else _along(width, window, device)
        return cls(_along(height, window, device), across, size)

    def scaled(self, factor: int) -> Self:
        """The same windows on a canvas that is *factor* times as large, such as pixels in place of latents."""
        rows, columns = (
            (places[..., None] * factor + torch.arange(factor, device=places.device)).flatten(1)
            for places in (self.rows, self.columns)
        )
        return type(self)(rows, columns, (self.size[0] * factor, self.size[1] * factor))

    @property
    def window(self) -> int:
        """Places along a window's longer side."""
        return max(self.rows.shape[1], self.columns.shape[1])

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def gather(self, canvas: Tensor) -> Tensor:
        """All windows ``[m * n, C, h, w]`` of a canvas ``[1, C, H, W]``."""
        return torch.cat([canvas[0, :, rows][..., self.columns].permute(2, 0, 1, 3) for rows in self.rows])

    def cut(self, canvas: Tensor, which: Tensor) -> Tensor:
        """The windows *which* ``[k]`` of a canvas ``[1, C, H, W]``: ``[k, C, h, w]``."""
        rows, columns = self.rows.to(canvas.device), self.columns.to(canvas.device)
        places = (divmod(number, len(columns)) for number in which.tolist())
        return torch.stack([canvas[0][:, rows[band]][..., columns[place]] for band, place in places])

    def map(
        self, read: Reader, function: Callable[[Tensor, Tensor], Tensor], at_once: int, onto: "Grid | None" = None
    ) -> Generator[int, None, Tensor]:
        """Blend what *function* makes of each window of the canvas ``[C, H, W]`` that *read* reads into another one,
        ``[1, D, H', W']``.

        function: windows ``[k, C, h, w]``, *at_once* or fewer, and their numbers ``[k]`` to windows of the grid *onto*,
        by default this one. Yields how many were worked on, now and then; returns the canvas, on the first's device.
        """
        onto = onto or self
        down, across = _fading(onto.rows, onto.size[0]), _fading(onto.columns, onto.size[1])
        total: Tensor | None = None
        for band, rows in enumerate(self.rows):
            strip = read(int(rows[0]), int(rows[-1]) + 1)
            first, last = int(onto.rows[band, 0]), int(onto.rows[band, -1]) + 1
            for some in torch.arange(len(self.columns), device=self.columns.device).split(at_once):
                windows = strip[..., self.columns[some]].permute(2, 0, 1, 3)
                with torch.no_grad():
                    made = function(windows, band * len(self.columns) + some).to(strip.device)
                made *= (down[band, :, None] * across[some, None, None, :]).to(made)
                if total is None:
                    total = made.new_zeros(made.shape[1], *onto.size)
                for window, columns in zip(made, onto.columns[some].to(made.device), strict=True):
                    total[:, first:last, columns] += window
                yield len(some)
        assert total is not None
        return total[None]


def _along(length: int, window: int, device: torch.device | str) -> Tensor:
    """Windows over a line, evenly, the first at its start and the last at its end."""
    window = min(window, length)
    count = 1 + ceil((length - window) / max(1, int(window * (1 - _OVERLAP))))
    starts = torch.linspace(0, length - window, count, dtype=torch.float64).round().long().to(device)
    return starts[:, None] + torch.arange(window, device=device)


def _around(length: int, window: int, device: torch.device | str) -> Tensor:
    """Windows around a ring, evenly."""
    window = min(window, length)
    count = ceil(length / max(1, int(window * (1 - _OVERLAP))))
    starts = (torch.arange(count, dtype=torch.float64) * (length / count)).round().long().to(device)
    return (starts[:, None] + torch.arange(window, device=device)) % length


def _fading(places: Tensor, length: int) -> Tensor:
    """Weights ``[n, w]`` that fall off from the middle of each window; over each place of the canvas they make 1."""
    window = places.shape[1]
    ramp = torch.arange(window, device=places.device) + 0.5
    weights = torch.minimum(ramp, window - ramp).clamp(max=max(1.0, window * _OVERLAP)).expand(places.shape)
    total = torch.zeros(length, device=places.device).index_add_(0, places.flatten(), weights.flatten())
    return weights / total[places]
