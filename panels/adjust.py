"""The sub-panel of what can be changed about a finished sky at once: the inputs of its node in the world."""

from typing import ClassVar

import bpy

from ..scene.horizon import GROUND, ORIENTATION, SKY_ONLY
from ..scene.world import sky_node
from .sidebar import SidebarTab
from .world import WorldTab


class Adjust:
    bl_label = "Adjust"
    bl_description = "Turn, brighten and tint the sky at once, without generating it again"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return sky_node(context.scene.world) is not None

    def draw(self, context: bpy.types.Context) -> None:
        inputs = sky_node(context.scene.world).inputs
        self.layout.use_property_split = True
        for heading, prefix, names in (
            ("", "", ("Rotation", "Strength", "Exposure", "Temperature")),
            ("Background", "Background ", ("Rotation", "Strength", "Blur")),
        ):
            column = self.layout.column()
            if heading:
                column.label(text=heading)
            for name in names:
                column.prop(inputs[prefix + name], "default_value", text=name)
        if SKY_ONLY in inputs:  # a sky of an older version has no such sliders
            column = self.layout.column(heading="Horizon")
            for name in ORIENTATION:
                column.prop(inputs[name], "default_value", text=name)
            column.prop(inputs[SKY_ONLY], "default_value", text=SKY_ONLY)
            column = column.column()
            column.active = inputs[SKY_ONLY].default_value
            for name in GROUND[1:]:
                column.prop(inputs[name], "default_value", text=name)
        self.layout.operator("skyloom.save_as_asset", icon="ASSET_MANAGER")
        self.layout.operator("skyloom.export_cube_map", icon="CUBE")


class SKYLOOM_PT_world_adjust(WorldTab, Adjust, bpy.types.Panel):
    bl_parent_id = "SKYLOOM_PT_world"


class SKYLOOM_PT_sidebar_adjust(SidebarTab, Adjust, bpy.types.Panel):
    bl_parent_id = "SKYLOOM_PT_sidebar"
