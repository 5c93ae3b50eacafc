"""The scene, as its camera sees it, in one sky after another: small pictures on one sheet, each with its prompt."""

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from ..engine.errors import BadRequest
from .pixels import pixels_of, save_png
from .stills import render_still

_LONGEST = 480  # pixels of a picture's longer side
_SAMPLES = 32  # of Cycles, at most
_GAP = 8  # pixels between pictures


def check_camera(scene: bpy.types.Scene) -> None:
    """Raise :class:`BadRequest` if *scene* has no camera to frame the shot with."""
    if scene.camera is None:
        raise BadRequest(f"The scene '{scene.name}' has no camera, so there is no shot.", "Add a camera first.")


def render_sheet(scene: bpy.types.Scene, skies: Sequence[tuple[Path, str]], sheet: Path) -> None:
    """Render *scene* in each of *skies* (its EXR, and what to write on the picture) and write *sheet*, a PNG.

    The scene is left as it was. Raises :class:`BadRequest` without a camera, :class:`GenerationFailed` if a render
    fails, OSError if the sheet cannot be written.
    """
    check_camera(scene)
    manager, pictures = bpy.context.window_manager, []
    manager.progress_begin(0, len(skies))
    try:
        with tempfile.TemporaryDirectory(prefix="skyloom-") as folder:
            for number, (exr, note) in enumerate(skies):
                manager.progress_update(number)
                still = Path(folder) / f"{number}.png"
                with _small_and_noted(scene, note):
                    render_still(scene, exr, still=still)
                picture = bpy.data.images.load(str(still))
                pictures.append(pixels_of(picture))
                bpy.data.images.remove(picture)
    finally:
        manager.progress_end()
    save_png(_arranged(pictures), sheet)


@contextmanager
def _small_and_noted(scene: bpy.types.Scene, note: str) -> Iterator[None]:
    """Let *scene* render small, quickly, and with nothing but *note* written on it."""
    render = scene.render
    values = {name: False for name in dir(render) if name.startswith("use_stamp")}
    values |= {"stamp_foreground": (1, 1, 1, 1), "stamp_background": (0, 0, 0, 0.6)}
    values |= {"use_stamp": True, "use_stamp_note": True, "stamp_note_text": note, "stamp_font_size": 14}
    share = _LONGEST / max(render.resolution_x, render.resolution_y)
    values["resolution_percentage"] = max(1, min(100, round(100 * share)))
    cycles = getattr(scene, "cycles", None)  # of an add-on, which may be switched off
    # At this size denoising hides little, and a Blender built without it crashes.
    quick = {"samples": min(cycles.samples, _SAMPLES), "use_denoising": False} if cycles else {}
    with _changed(render, values), _changed(cycles, quick):
        yield


@contextmanager
def _changed(settings: bpy.types.bpy_struct | None, values: dict[str, object]) -> Iterator[None]:
    """Set *values* of *settings* for as long as this lasts."""
    before = {name: _value(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _value(settings: bpy.types.bpy_struct | None, name: str) -> object:
    """A copy where Blender gives a view of its own numbers."""
    value = getattr(settings, name)
    return tuple(value) if isinstance(value, bpy.types.bpy_prop_array) else value


def _arranged(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """*pictures* of one size in rows from the top left, ``[height, width, 4]`` from the bottom row up."""
    height, width = pictures[0].shape[:2]
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    sheet = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 4), 0.1, np.float32)
    sheet[..., 3] = 1
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        bottom, left = (rows - 1 - row) * (height + _GAP) + _GAP, column * (width + _GAP) + _GAP
        sheet[bottom : bottom + height, left : left + width, :3] = picture[..., :3]
    return sheet
