"""Overlapping windows on a panorama's columns: gathered with one index, merged with one ``index_add``."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ..errors import BadRequest
from ..job import WindowLayout


@dataclass(frozen=True)
class Windows:
    """Index sets over the columns of a canvas ``[1, C, h, W]``.

    columns: ``[n, w]`` column indices, one row a window, modulo W. width: W. wraps: whether the canvas is a ring.
    """

    columns: Tensor
    width: int
    wraps: bool

    @classmethod
    def layout(
        cls, kind: WindowLayout, width: int, window: int, stride: int, device: torch.device | str = "cpu"
    ) -> Self:
        """Place windows of *window* latent columns every *stride* columns.

        ``ring``: ``width / stride`` windows that wrap, every column covered ``window / stride`` times.
        ``reference``: the list of the authors' SyncDiffusion code, which is one wrapped window short.
        ``strip``: no wrapping. Raises :class:`BadRequest` if the numbers do not fit each other.
        """
        if window > width:
            raise BadRequest(
                f"The window ({window} latent columns) is wider than the panorama ({width}).",
                f"Choose a window of at most {width}.",
            )
        if stride > window:
            raise BadRequest(
                f"The stride ({stride}) is larger than the window ({window}), which would leave gaps.",
                f"Choose a stride that divides {window}.",
            )
        wraps = kind != "strip"
        if wraps and (width % stride or window % stride):
            raise BadRequest(
                f"The stride ({stride}) does not divide both the panorama ({width} latent columns) and the window "
                f"({window}), so some columns would count more often than others.",
                f"Choose a stride that divides both, such as {even_stride(width, window, stride)}.",
            )
        if not wraps and (width - window) % stride:
            raise BadRequest(
                f"Windows of {window} every {stride} columns do not end at the strip's width of {width}.",
                f"Choose a stride that divides {width - window}.",
            )
        count = {"ring": width // stride, "reference": width // stride - 1, "strip": (width - window) // stride + 1}[
            kind
        ]
        if count * stride < width - window + stride:
            raise BadRequest(
                f"{count} windows of {window} every {stride} columns do not cover {width} columns.",
                "Choose a smaller stride.",
            )
        starts = torch.arange(count, device=device)[:, None] * stride
        return cls((starts + torch.arange(window, device=device)) % width, width, wraps)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def middle(self) -> int:
        """Index of the middle window, the paper's anchor."""
        return len(self) // 2

    @property
    def azimuths(self) -> Tensor:
        """Degrees of the windows' middles, ``[n]``; 90 is the canvas' centre."""
        middles = self.columns[:, 0] + self.columns.shape[1] / 2
        return (middles / self.width * 360 - 90) % 360

    def nearest(self, azimuth: float) -> int:
        """Index of the window whose centre is nearest to *azimuth*: degrees, 90 at the canvas' centre, growing to the
        right, as Blender shows a world's texture."""
        place = ((azimuth - 90) / 360 + 0.5) * self.width
        centres = self.columns[:, 0] + self.columns.shape[1] / 2
        apart = (centres - place + self.width / 2) % self.width - self.width / 2
        return int(apart.abs().argmin())

    def gather(self, canvas: Tensor) -> Tensor:
        """``[1, C, h, W]`` to windows ``[n, C, h, w]``."""
        return canvas[0][..., self.columns].permute(2, 0, 1, 3)

    def average(self, windows: Tensor) -> Tensor:
        """Windows ``[n, C, h, w]`` to the canvas ``[1, C, h, W]`` of their mean (MultiDiffusion, 2302.08113, eq. 5)."""
        n, channels, height, width = windows.shape
        flat = self.columns.reshape(-1)
        total = windows.new_zeros(channels, height, self.width)
        total.index_add_(2, flat, windows.permute(1, 2, 0, 3).reshape(channels, height, n * width))
        return (total / torch.bincount(flat, minlength=self.width))[None]

    def interleave(self, windows: Tensor) -> Tensor:
        """Windows ``[n, C, h, w]`` to a canvas ``[1, C, h, W]`` that takes each column from one of those that cover
        it, by turns (2502.05130, self-loop latent swap with an interval of one column)."""
        n, channels, height, width = windows.shape
        flat = self.columns.reshape(-1)
        place = torch.arange(width, device=flat.device).repeat(n)
        by_column = (flat * width + place).argsort()  # within a column: first the window in which it is leftmost
        covers = torch.bincount(flat, minlength=self.width)
        chosen = by_column[covers.cumsum(0) - covers + torch.arange(self.width, device=flat.device) % covers]
        return windows.permute(1, 2, 0, 3).reshape(channels, height, n * width)[None, ..., chosen]


def even_stride(width: int, window: int, most: int) -> int:
    """The largest stride of at most *most* columns that covers a ring evenly."""
    return next(s for s in range(min(most, window), 0, -1) if width % s == 0 and window % s == 0)
