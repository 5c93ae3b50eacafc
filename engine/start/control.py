"""The picture that a ControlNet follows, cut for the windows of the composition and of each larger size."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from ..job import Job
from ..light.transfer import linear_to_srgb
from ..models.denoiser import Rows
from ..sampling.grid import Grid
from ..sampling.windows import Windows
from ..sphere.gnomonic import View, render
from ..sphere.resampling import reader
from .reading import read_panorama


def control_inputs(job: Job, windows: Windows, factor: int) -> dict[str, Tensor]:
    """What a network is given beside its prompt to follow *job*'s control picture, a row a window; nothing without one.

    factor: pixels per latent column of *windows*. Raises :class:`BadRequest`.
    """
    if job.control_image is None:
        return {}
    shown = _shown(job.control_image, windows.width * factor)
    pixels = (windows.columns[:, :, None] * factor + torch.arange(factor, device=windows.columns.device)).flatten(1)
    crops = Windows(pixels, windows.width * factor, windows.wraps).gather(shown[None].to(pixels.device))
    return {"control": crops, "control_scale": crops.new_full((1, 1, 1, 1), job.control_scale)}


def control_crops(job: Job, grid: Grid, factor: int, view: View | None) -> dict[str, Rows]:
    """As :func:`control_inputs`, for windows of a *grid* of latents over a panorama, or over a *view* of one. They are
    cut when they are asked for: windows overlap, and all at once would take more memory than the picture."""
    if job.control_image is None:
        return {}
    pixels = grid.scaled(factor)
    if view:
        height = math.ceil(math.pi / 2 * pixels.size[0] / view.reach)  # as fine as the view is in its middle
        around = reader(_shown(job.control_image, 2 * height))
        shown = render(around, height, replace(view, size=pixels.size[0]))
    else:
        shown = _shown(job.control_image, pixels.size[1])

    def cut(which: Tensor) -> Tensor:
        return pixels.cut(shown[None], which).to(which.device)

    return {"control": cut, "control_scale": torch.full((1, 1, 1, 1), job.control_scale, device=grid.rows.device)}


def _shown(file: str, width: int) -> Tensor:
    """The panorama in *file* as a ControlNet knows pictures, ``[3, width / 2, width]`` in [0, 1]."""
    return linear_to_srgb(read_panorama(file, width).clamp(0, 1))
