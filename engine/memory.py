"""Memory that a panorama needs, estimated before it is started, so that a size that cannot fit is refused at once."""

from collections.abc import Callable

import psutil
import torch

from .errors import TooLarge
from .models.model import Model

# Activations alive at once, in units of the decoder's widest full-resolution activation (float32): measured with
# benchmarks/memory.py, rounded up. A decode keeps a handful, a backward pass keeps them all.
_DECODE_ACTIVATIONS = 6
_BACKWARD_ACTIVATIONS = 24
_BYTES = 4
_PICTURE_BYTES_PER_PIXEL = 120  # radiance, tonemapped copy and file buffers
_VGG_BYTES_PER_PIXEL = 4000


def available_bytes(device: torch.device) -> int:
    """Free memory on *device*; for a CPU, what the system can give without swapping."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available


def decode_bytes(model: Model, width: int) -> int:
    """Peak of decoding and writing a panorama of *width* pixels."""
    per_pixel = _DECODE_ACTIVATIONS * _BYTES * model.decoder_channels + _PICTURE_BYTES_PER_PIXEL
    return width * (width // 2) * per_pixel


def gradient_bytes(model: Model, height: int, window: int, batch: int) -> int:
    """Peak of one synchronization gradient over *batch* windows of *window* by *height* pixels."""
    per_pixel = _BACKWARD_ACTIVATIONS * _BYTES * model.decoder_channels + _VGG_BYTES_PER_PIXEL
    return batch * window * height * per_pixel


def check_memory(needed: Callable[[int], int], width: int, smallest: int, device: torch.device) -> None:
    """Raise :class:`TooLarge`, naming the largest width that fits, if ``needed(width)`` bytes are more than there are.

    smallest: the least width, and the unit of widths.
    """
    available = available_bytes(device)
    if needed(width) <= available:
        return
    fitting = max((w for w in range(smallest, width, smallest) if needed(w) <= available), default=None)
    raise TooLarge(
        f"A panorama of {width} x {width // 2} needs about {needed(width) / 1e9:.1f} GB of memory; "
        f"{available / 1e9:.1f} GB are free.",
        f"A width of {fitting} would fit." if fitting else "Close other programs, or use a smaller model.",
    )
