"""Pixels of image datablocks as arrays."""

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
