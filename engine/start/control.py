"""The picture that a ControlNet follows, cut for the windows."""

import torch
from torch import Tensor

from ..job import Job
from ..light.transfer import linear_to_srgb
from ..sampling.windows import Windows
from .reading import read_panorama


def control_inputs(job: Job, windows: Windows, factor: int) -> dict[str, Tensor]:
    """What a network is given beside its prompt to follow *job*'s control picture, a row a window; nothing without one.

    factor: pixels per latent column of *windows*. Raises :class:`BadRequest`.
    """
    if job.control_image is None:
        return {}
    shown = linear_to_srgb(read_panorama(job.control_image, windows.width * factor).clamp(0, 1))
    pixels = (windows.columns[:, :, None] * factor + torch.arange(factor, device=windows.columns.device)).flatten(1)
    crops = Windows(pixels, windows.width * factor, windows.wraps).gather(shown[None].to(pixels.device))
    return {"control": crops, "control_scale": crops.new_full((1, 1, 1, 1), job.control_scale)}
