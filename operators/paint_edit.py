import tempfile
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import bpy

from .. import preferences
from ..editors import show_image
from ..engine.process import EventProcess
from ..folders import engine_log
from ..scene.painting import COLOUR, new_painting, painted_image
from ..scene.world import world_panorama
from .in_pieces import InPieces


class SKYLOOM_OT_paint_edit(InPieces, bpy.types.Operator):
    """The image editor opens in a window of its own, unless the screen has one already."""

    bl_idname = "skyloom.paint_edit"
    bl_label = "Paint Area"
    bl_description = "Show the sky in an image editor: what you paint over, in any colour, will be made anew"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The scene's world shows no generated sky, or one is being opened")
        return world_panorama(context.scene.world) is not None and not cls.running()

    def pieces(self, context: bpy.types.Context, how: str) -> Generator[Callable[[], Any] | None, Any, set[str]]:
        sky = world_panorama(context.scene.world)
        made_small = partial(shrink, preferences.engine_python(context), engine_log())
        image = painted_image(sky) or (yield from new_painting(sky, made_small))
        if not bpy.app.background:
            show_image(bpy.context, image, paint=True)
            _prepare_brush(bpy.context)
        return {"FINISHED"}


class SKYLOOM_OT_discard_edit(bpy.types.Operator):
    bl_idname = "skyloom.discard_edit"
    bl_label = "Discard Painting"
    bl_description = "Remove the painting over the sky; the sky stays as it is"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        sky = world_panorama(context.scene.world)
        return sky is not None and painted_image(sky) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.data.images.remove(painted_image(world_panorama(context.scene.world)))
        return {"FINISHED"}


def shrink(python: Path, log: Path, picture: Path, width: int) -> bytes:
    """A PNG of *picture*, at most *width* pixels across, made by a process of the engine's. Raises SkyloomError."""
    with tempfile.TemporaryDirectory(prefix="skyloom-") as folder:
        wanted = ["--width", str(width), "--out", str(Path(folder) / "sky.png"), "--events"]
        made = EventProcess([str(python), "-m", "engine", "picture", str(picture), *wanted], log).finish()
        return Path(made).read_bytes()


def _prepare_brush(context: bpy.types.Context) -> None:
    """A colour that shows, and strokes that go around the seam."""
    settings = context.tool_settings
    settings.image_paint.tile_x = True
    # From 5.0 on each kind of painting has its own.
    unified = getattr(settings.image_paint, "unified_paint_settings", None) or settings.unified_paint_settings
    unified.color = COLOUR
    if settings.image_paint.brush:
        settings.image_paint.brush.color = COLOUR
