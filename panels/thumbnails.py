"""Pictures in panels: Blender loads them in the background and keeps them until the extension is disabled."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy.utils.previews
import numpy as np

from ..scene.pixels import tonemapped
from .letters import mark_directions

_LIVE = "live"
_SMALL = 32  # pixels a side of an icon beside text
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


def drawn(name: str, version: Any, draw: Callable[[], np.ndarray]) -> int:
    """The icon *name*, which *draw* draws (as :func:`_show` takes it) when *version* is another than last time."""
    (collection,) = _collections
    key = f"{name} {version}"
    return collection[key].icon_id if key in collection else _show(name, key, draw())


def show_live(radiance: np.ndarray | None) -> None:
    """Let :func:`live` be the icon of *radiance* ([height, width, 3], scene-linear, from the top row down), with the
    four directions written on it."""
    if radiance is None:
        _drop(_LIVE)
        return
    picture = np.ones((*radiance.shape[:2], 4), np.float32)
    picture[..., :3] = tonemapped(radiance)
    mark_directions(picture)
    # A new icon for each picture: Blender may keep an old one's texture.
    _show(_LIVE, f"{_LIVE} {time.monotonic_ns()}", picture)


def _show(name: str, key: str, picture: np.ndarray) -> int:
    """Make *key* the only icon *name*: *picture* ``[height, width, 4]`` from the top row down, sRGB and alpha."""
    pixels = picture[::-1].astype(np.float32)
    pixels[..., :3] *= pixels[..., 3:]  # as Blender draws icons
    (collection,) = _collections
    _drop(name)
    icon = collection.new(key)
    icon.image_size = (picture.shape[1], picture.shape[0])
    icon.image_pixels_float.foreach_set(pixels.ravel())
    if len(picture) <= _SMALL:  # beside text
        icon.icon_size = icon.image_size
        icon.icon_pixels_float.foreach_set(pixels.ravel())
    return icon.icon_id


def _drop(name: str) -> None:
    (collection,) = _collections
    for key in [key for key in collection if key.startswith(f"{name} ")]:
        collection.pop(key)


def live() -> int:
    """The icon of the generation in progress; 0 if it has shown nothing yet."""
    (collection,) = _collections
    return next((icon.icon_id for key, icon in collection.items() if key.startswith(f"{_LIVE} ")), 0)


def register() -> None:
    _collections.append(bpy.utils.previews.new())


def unregister() -> None:
    bpy.utils.previews.remove(_collections.pop())
