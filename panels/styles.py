"""The styles to choose from by their pictures, in a popover beside the field."""

import bpy

from ..styles import NONE, STYLES
from .thumbnails import thumbnail

COLUMNS = 4


class SKYLOOM_PT_styles(bpy.types.Panel):
    bl_label = "Styles"
    bl_description = "Choose a style by its picture"
    bl_space_type = "PROPERTIES"
    bl_region_type = "HEADER"
    bl_ui_units_x = 20

    def draw(self, context: bpy.types.Context) -> None:
        grid = self.layout.grid_flow(row_major=True, columns=COLUMNS, even_columns=True)
        for key, style in STYLES.items():
            card = grid.column(align=True)
            card.template_icon(icon_value=thumbnail(style.picture), scale=5.0)
            card.prop_enum(context.scene.skyloom, "style", key)
        self.layout.prop_enum(context.scene.skyloom, "style", NONE)
