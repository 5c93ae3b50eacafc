"""Memory that a panorama needs, estimated before it is started, so that a size that cannot fit is refused at once."""

from collections.abc import Callable

import psutil
import torch

from .errors import TooLarge
from .models.model import Model

# Activations alive at once, in units of the decoder's widest full-resolution activation (float32): measured with
# benchmarks/memory.py, rounded up. A decode keeps a handful, in tiles fewer; a backward pass keeps them all, and with
# checkpoints those of one block.
_DECODE_ACTIVATIONS = 6
_TILED_ACTIVATIONS = 3
_BACKWARD_ACTIVATIONS = 24
_CHECKPOINTED_ACTIVATIONS = 18
# The same of a network, in units of its first activation, for one picture.
_NETWORK_ACTIVATIONS = 48
_NETWORK_BACKWARD_ACTIVATIONS = 500
_BYTES = 4
_PICTURE_BYTES_PER_PIXEL = 120  # radiance, tonemapped copy and file buffers
_ENLARGED_BYTES_PER_PIXEL = 48  # the picture, what it is lit with, and the compressor's buffers
_FIRST_USE_BYTES = 400e6  # libraries' own, the networks of the losses, the search for the sun
_VGG_BYTES_PER_PIXEL = 4000
_CHECKPOINTED_VGG_BYTES_PER_PIXEL = 2500

# A decode that would take more than this is done in tiles, on any machine: pictures must not depend on free memory.
TILES_ABOVE = 4e9
_WINDOWS_BYTES = 256e6  # that windows of an enlarged panorama may take while they are encoded or decoded
# Latent pixels per network call, before guidance doubles them, and pixels per gradient: what keeps a GPU busy. On a CPU
# windows of 16x16 latents gain a third up to eight in a call, those of 64x64 nothing from a second one.
_CALL_AREA, _CALL_AREA_ACCELERATOR = 2048, 65536
_GRADIENT_AREA_ACCELERATOR = 8 * 512 * 512
_SHARE = 0.8  # of the free memory that is planned with


def available_bytes(device: torch.device) -> int:
    """Free memory on *device*; for a CPU, what the system can give without swapping."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available


def decode_bytes(model: Model, width: int, tiles: bool = False) -> int:
    """Peak of decoding and writing a panorama of *width* pixels."""
    activations = _TILED_ACTIVATIONS if tiles else _DECODE_ACTIVATIONS
    per_pixel = activations * _BYTES * model.decoder_channels + _PICTURE_BYTES_PER_PIXEL
    return width * (width // 2) * per_pixel


def enlarged_bytes(width: int) -> int:
    """Peak of a panorama of *width* pixels that is enlarged in stages, lit and written."""
    return int(_WINDOWS_BYTES) + width * (width // 2) * _ENLARGED_BYTES_PER_PIXEL


def process_bytes(device: torch.device) -> int:
    """What a process takes of the memory of *device* in its first generation, whatever the size."""
    return int(_FIRST_USE_BYTES) if device.type == "cpu" else 0


def gradient_bytes(model: Model, height: int, window: int, batch: int, checkpoint: bool = False) -> int:
    """Peak of one synchronization gradient over *batch* windows of *window* by *height* pixels."""
    activations, vgg = (
        (_CHECKPOINTED_ACTIVATIONS, _CHECKPOINTED_VGG_BYTES_PER_PIXEL)
        if checkpoint
        else (_BACKWARD_ACTIVATIONS, _VGG_BYTES_PER_PIXEL)
    )
    return batch * window * height * (activations * _BYTES * model.decoder_channels + vgg)


def windows_per_call(model: Model, area: int) -> int:
    """How many windows of *area* latent pixels, each with and without the prompt, go into one call of the network."""
    if model.device.type == "cpu":
        return max(1, _CALL_AREA // area)
    window = 2 * area * model.network_channels * _BYTES * _NETWORK_ACTIVATIONS
    return _fitting(model, window, _CALL_AREA_ACCELERATOR // area)


def windows_per_gradient(model: Model, height: int, window: int) -> int:
    """How many windows of *window* by *height* pixels go into one synchronization gradient."""
    if model.device.type == "cpu":
        return 1
    latents = window * height // model.factor**2
    network = 2 * latents * model.network_channels * _BYTES * _NETWORK_BACKWARD_ACTIVATIONS
    needed = gradient_bytes(model, height, window, 1) + network
    return _fitting(model, needed, _GRADIENT_AREA_ACCELERATOR // (window * height))


def _fitting(model: Model, needed: int, most: int) -> int:
    """A power of two, at most *most*, so that a little more or less free memory gives the same picture."""
    fitting = min(int(available_bytes(model.device) * _SHARE) // needed, most)
    return 1 << (max(1, fitting).bit_length() - 1)


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


def windows_per_decode(model: Model, window: tuple[int, int], beside: int = 0) -> int:
    """How many windows of *window* latent rows and columns are encoded or decoded at once, with so many bytes held
    *beside* them."""
    pixels = window[0] * window[1] * model.factor**2
    left = int(_WINDOWS_BYTES) - beside
    return max(1, left // (pixels * _DECODE_ACTIVATIONS * _BYTES * model.decoder_channels))
