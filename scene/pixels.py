"""Pixels of image datablocks as arrays."""

import struct
import zlib
from itertools import count
from pathlib import Path

import bpy
import numpy as np

from ..engine.output.files import whole_file

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_BAND = 256  # rows


def pixels_of(image: bpy.types.Image) -> np.ndarray:
    """``[height, width, 4]`` from the bottom row up, as the image stores them."""
    width, height = image.size
    values = np.empty((height, width, 4), np.float32)
    image.pixels.foreach_get(values.ravel())
    return values


def room_for(size: tuple[int, int]) -> np.ndarray:
    """An array for the pixels of an image of *size*, such that the system need not look for memory when it is filled:
    that takes longer than to fill it. No bpy is in it, so that a thread can make it."""
    return np.ones((size[1], size[0], 4), np.float32)


def tonemapped(radiance: np.ndarray) -> np.ndarray:
    """As :func:`engine.light.transfer.tonemap`: scene-linear to sRGB, so that it looks like the PNG beside a sky."""
    x = radiance * 0.75
    x = np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)


def levels(pixels: np.ndarray) -> np.ndarray:
    """The colours of *pixels* ``[height, width, 3 or 4]``, values in [0, 1], in the 255 steps of 8 bits."""
    steps = np.empty((*pixels.shape[:2], 3), np.uint8)
    for first in range(0, len(pixels), _BAND):  # they are large
        rows = slice(first, first + _BAND)
        steps[rows] = pixels[rows, :, :3] * np.float32(255) + np.float32(0.5)
    return steps


def png(steps: np.ndarray) -> bytes:
    """The file of *steps*, uint8 ``[height, width]`` or ``[height, width, 3]`` from the bottom row up. No bpy is in
    it, so that a thread can make it."""
    height, width = steps.shape[:2]
    rows = np.zeros((height, 1 + steps[0].size), np.uint8)  # the first byte of a row: it is not filtered
    rows[:, 1:] = steps[::-1].reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if steps.ndim == 3 else 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
    return PNG_MAGIC + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def save_png(pixels: np.ndarray, path: Path) -> None:
    """Write *pixels* ``[height, width, 3 or 4]`` (as a display has them, from the bottom row up) to *path*, without
    their alpha; whole or not at all. Raises :class:`GenerationFailed`."""
    write(png(levels(pixels.clip(0, 1))), path)


def write(data: bytes, path: Path) -> None:
    """Write *data* to *path*, whole or not at all. Raises :class:`GenerationFailed`."""
    with whole_file(path) as partial:
        partial.write_bytes(data)


def free_path(folder: Path, stem: str) -> Path:
    """A PNG in *folder* that is not there yet: *stem* and a number."""
    return next(path for number in count(1) if not (path := folder / f"{stem}-{number}.png").exists())
