from typing import ClassVar

import bpy

from ..editors import show_image
from ..scene.painting import COLOUR, new_painting, painted_image
from ..scene.world import world_panorama


class SKYLOOM_OT_paint_edit(bpy.types.Operator):
    """The image editor opens in a window of its own, unless the screen has one already."""

    bl_idname = "skyloom.paint_edit"
    bl_label = "Paint Area"
    bl_description = "Show the sky in an image editor: what you paint over, in any colour, will be made anew"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The scene's world shows no generated sky")
        return world_panorama(context.scene.world) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        sky = world_panorama(context.scene.world)
        image = painted_image(sky) or new_painting(sky)
        if not bpy.app.background:
            show_image(context, image, paint=True)
            _prepare_brush(context)
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


def _prepare_brush(context: bpy.types.Context) -> None:
    """A colour that shows, and strokes that go around the seam."""
    settings = context.tool_settings
    settings.image_paint.tile_x = True
    # From 5.0 on each kind of painting has its own.
    unified = getattr(settings.image_paint, "unified_paint_settings", None) or settings.unified_paint_settings
    unified.color = COLOUR
    if settings.image_paint.brush:
        settings.image_paint.brush.color = COLOUR
