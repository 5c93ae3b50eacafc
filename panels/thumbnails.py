"""Pictures in panels: Blender loads them in the background and keeps them until the extension is disabled."""

import time
from pathlib import Path

import bpy.utils.previews
import numpy as np

_LIVE = "live"
_collections: list[bpy.utils.previews.ImagePreviewCollection] = []


def thumbnail(picture: Path, version: int = 0) -> int:
    """The icon of the file *picture*; another *version* of it is another icon. 0, an empty one, if it is missing."""
    (collection,) = _collections
    key = f"{picture} {version}"
    if key not in collection:
        if not picture.is_file():
            return 0
        collection.load(key, str(picture), "IMAGE")
    return collection[key].icon_id


def show_live(radiance: np.ndarray | None) -> None:
    """Let :func:`live` be the icon of *radiance* ([height, width, 3], scene-linear, from the top row down)."""
    (collection,) = _collections
    for key in [key for key in collection if key.startswith(_LIVE)]:
        collection.pop(key)
    if radiance is None:
        return
    # A new icon for each picture: Blender may keep an old one's texture.
    icon = collection.new(f"{_LIVE} {time.monotonic_ns()}")
    height, width = radiance.shape[:2]
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = _tonemapped(radiance)[::-1]
    icon.image_size = (width, height)
    icon.image_pixels_float.foreach_set(pixels.ravel())


def live() -> int:
    """The icon of the generation in progress; 0 if it has shown nothing yet."""
    (collection,) = _collections
    return next((icon.icon_id for key, icon in collection.items() if key.startswith(_LIVE)), 0)


def _tonemapped(radiance: np.ndarray) -> np.ndarray:
    """As :func:`engine.light.transfer.tonemap`, so that the preview looks like the thumbnail that follows it."""
    x = radiance * 0.75
    x = np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)


def register() -> None:
    _collections.append(bpy.utils.previews.new())


def unregister() -> None:
    bpy.utils.previews.remove(_collections.pop())
