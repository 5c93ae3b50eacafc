"""The sub-panel of changes to the sky that the world shows: painted over, or at a click."""

from typing import ClassVar

import bpy

from ..operators.paint_edit import SKYLOOM_OT_paint_edit
from ..scene.painting import painted_image
from ..scene.world import world_panorama


class Edit:
    bl_label = "Edit"
    bl_description = "Make parts of the sky anew; all else stays exactly as it is"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return world_panorama(context.scene.world) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.skyloom
        layout.prop(settings, "edit_prompt", text="", placeholder="What shall be there")
        column = layout.column(align=True)
        row = column.row(align=True)
        opening = SKYLOOM_OT_paint_edit.running()
        row.operator("skyloom.paint_edit", text="Opening the Sky" if opening else "Paint Area", icon="BRUSH_DATA")
        painted = painted_image(world_panorama(context.scene.world)) is not None
        if painted:
            row.operator("skyloom.discard_edit", text="", icon="X")
        for what, text, icon in (
            ("PAINTED", "Edit Painted Area", "MOD_MASK"),
            ("CLOUD", "Remove Painted Cloud", "OUTLINER_OB_VOLUME"),
        ):
            row = column.row(align=True)
            row.enabled = painted
            row.operator("skyloom.edit_sky", text=text, icon=icon).what = what
        column = layout.column(align=True)
        column.operator("skyloom.edit_sky", text="Remove Sun", icon="LIGHT_SUN").what = "SUN"
        column.operator("skyloom.edit_sky", text="Extend Below Horizon", icon="VIEW_PERSPECTIVE").what = "GROUND"
