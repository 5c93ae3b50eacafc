"""Pixels of image datablocks as arrays."""

import os
from itertools import count
from pathlib import Path

import bpy
import numpy as np


def pixels_of(image: bpy.types.Image) -> np.ndarray:
    """``[height, width, 4]`` from the bottom row up, as the image stores them."""
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, 4)


def tonemapped(radiance: np.ndarray) -> np.ndarray:
    """As :func:`engine.light.transfer.tonemap`: scene-linear to sRGB, so that it looks like the PNG beside a sky."""
    x = radiance * 0.75
    x = np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)


def save_png(pixels: np.ndarray, path: Path) -> None:
    """Write *pixels* ``[height, width, 4]`` (as a display has them, from the bottom row up) to *path*; whole or not at
    all. Raises OSError."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.png")
    image = bpy.data.images.new(path.stem, pixels.shape[1], pixels.shape[0])
    try:
        image.pixels.foreach_set(pixels.astype(np.float32).ravel())
        image.filepath_raw, image.file_format = str(partial), "PNG"
        image.save()
        os.replace(partial, path)
    except RuntimeError as error:
        raise OSError(f"{path} cannot be written ({str(error).strip()})") from error
    finally:
        bpy.data.images.remove(image)
        partial.unlink(missing_ok=True)


def free_path(folder: Path, stem: str) -> Path:
    """A PNG in *folder* that is not there yet: *stem* and a number."""
    return next(path for number in count(1) if not (path := folder / f"{stem}-{number}.png").exists())
