"""The sub-panel of what lights: the sun's sliders, its lamp, the exposure."""

from typing import ClassVar

import bpy

from ..scene.sun import DISC, GLOW, SIZE, STRENGTH, noted_light
from ..scene.sun_lamp import has_sun, sun_lamp
from ..scene.world import sky_node


class Light:
    bl_label = "Light"
    bl_description = "The sun of the sky and the light that it gives"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return sky_node(context.scene.world) is not None and noted_light(context.scene.world) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, world = self.layout, context.scene.world
        layout.use_property_split = True
        layout.label(text=_sentence(noted_light(world)), icon="LIGHT_SUN")
        inputs = sky_node(world).inputs
        if has_sun(world):
            column = layout.column()
            for name in (STRENGTH, SIZE, GLOW):
                if name in inputs:  # a sky of an older version has no glow
                    column.prop(inputs[name], "default_value", text=name)
            lit_by_lamp = sun_lamp(context.scene) or not inputs[DISC].default_value
            layout.operator("skyloom.remove_sun_lamp" if lit_by_lamp else "skyloom.add_sun_lamp")
        layout.operator("skyloom.expose_white_card")


def _sentence(light: dict) -> str:
    if light["kind"] == "none":
        return "No sun or moon is seen"
    place = f"{light['elevation']:.0f}° high, azimuth {light['azimuth']:.0f}°"
    return f"{light['kind'].capitalize()}: {place}" + ("" if light["seen"] else " (assumed)")
