"""The sub-panel of what can be changed about a finished sky at once: the inputs of its node in the world."""

from collections.abc import Iterable
from typing import ClassVar

import bpy

from ..scene.horizon import GROUND, HEIGHT, SKY_ONLY, TILT_X, TILT_Y
from ..scene.world import sky_node


class Adjust:
    bl_label = "Adjust"
    bl_description = "Turn, brighten and tint the sky at once, without generating it again"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return sky_node(context.scene.world) is not None

    def draw(self, context: bpy.types.Context) -> None:
        names = ("Rotation", "Strength", "Exposure", "Temperature")
        _draw_inputs(self.layout.column(), context, zip(names, names, strict=True))
        column = self.layout.column()
        column.operator("skyloom.save_as_asset", icon="ASSET_MANAGER")
        column.operator("skyloom.export_cube_map", icon="CUBE")


class Background:
    bl_label = "Background"
    bl_description = "What the camera sees of the sky, apart from the light that it gives"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        names = ("Rotation", "Strength", "Blur")
        _draw_inputs(self.layout.column(), context, ((f"Background {name}", name) for name in names))


class Horizon:
    bl_label = "Horizon"
    bl_description = "Where the horizon is, and what is below it"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        node = sky_node(context.scene.world)
        return node is not None and SKY_ONLY in node.inputs  # a sky of an older version has no such sliders

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        _draw_inputs(layout.column(), context, ((TILT_X, TILT_X), (TILT_Y, TILT_Y), (HEIGHT, "Height")))
        _draw_inputs(layout.column(), context, ((SKY_ONLY, SKY_ONLY),))
        column = layout.column()
        column.active = sky_node(context.scene.world).inputs[SKY_ONLY].default_value
        _draw_inputs(column, context, ((name, name) for name in GROUND))


def _draw_inputs(layout: bpy.types.UILayout, context: bpy.types.Context, names: Iterable[tuple[str, str]]) -> None:
    """Inputs of the sky's node in the world, each by its name and by what it is called here."""
    layout.use_property_split = True
    for name, text in names:
        layout.prop(sky_node(context.scene.world).inputs[name], "default_value", text=text)
