"""Small pictures of what a running generation is becoming, made on the way and thrown away."""

import base64
import time

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from .models.model import Model
from .protocol import Preview

WIDTH = 256  # pixels at most
PAUSE = 0.4  # seconds at least from one to the next
SHARE = 0.05  # of the time of a generation at most, whatever the model and the machine


class Previews:
    """Decodes a clean prediction now and then; the sampling itself is not touched."""

    def __init__(self, model: Model, wraps: bool) -> None:
        self._model, self._wraps = model, wraps
        self._due = 0.0

    @torch.no_grad()
    def of(self, x0: Tensor) -> Preview | None:
        """The preview of the canvas *x0* ``[1, C, h, w]``, or None while it is too early for another one.

        The latents are averaged down first, so that a large panorama costs no more than a small one.
        """
        started = time.monotonic()
        if started < self._due:
            return None
        height, width = x0.shape[-2:]
        shrink = max(1.0, width * self._model.factor / WIDTH)
        small = adaptive_avg_pool2d(x0, (round(height / shrink), round(width / shrink)))
        radiance = self._model.transfer.to_radiance(self._model.decode(small, wraps=self._wraps)[0].float())
        preview = preview_of(radiance)
        finished = time.monotonic()
        self._due = finished + max(PAUSE, (finished - started) / SHARE)
        return preview


def preview_of(radiance: Tensor) -> Preview:
    """The message that shows *radiance* ``[3, h, w]``."""
    pixels = radiance.permute(1, 2, 0).half().cpu().contiguous().numpy()
    text = base64.b64encode(pixels.astype("<f2").tobytes()).decode("ascii")
    return Preview(width=pixels.shape[1], height=pixels.shape[0], pixels=text)
