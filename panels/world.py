from typing import ClassVar

import bpy

from .layout import draw_advanced, draw_main


class WorldTab:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "world"


class SKYLOOM_PT_world(WorldTab, bpy.types.Panel):
    bl_label = "Skyloom"

    def draw(self, context: bpy.types.Context) -> None:
        draw_main(self.layout, context)


class SKYLOOM_PT_world_advanced(WorldTab, bpy.types.Panel):
    bl_label = "Advanced"
    bl_parent_id = "SKYLOOM_PT_world"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_advanced(self.layout, context)
