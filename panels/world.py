from typing import ClassVar

import bpy

from .layout import draw_advanced, draw_main
from .presets import SKYLOOM_PT_presets


class WorldTab:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "world"


class SKYLOOM_PT_world(WorldTab, bpy.types.Panel):
    bl_label = "Skyloom"
    bl_description = "Skies from a description"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        SKYLOOM_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        draw_main(self.layout, context)


class SKYLOOM_PT_world_advanced(WorldTab, bpy.types.Panel):
    bl_label = "Advanced"
    bl_description = "Model, steps, and how the parts of the panorama are drawn together"
    bl_parent_id = "SKYLOOM_PT_world"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_advanced(self.layout, context)
