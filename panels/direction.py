"""The sub-panel of what the sky begins with; its own sub-panels say what is where."""

from collections.abc import Iterator
from typing import ClassVar

import bpy

from ..direction_properties import light_direction
from ..operators.preview_layout import SKYLOOM_OT_preview_layout


class Direction:
    bl_label = "Direction"
    bl_description = "What is where in the sky: a layout, pictures, photos, prompts by direction"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, direction = self.layout, context.scene.skyloom.direction
        layout.use_property_split = True
        layout.use_property_decorate = False
        row = layout.row()
        row.use_property_split = False  # the three words say what they are, and need the room
        row.prop(direction, "begin", expand=True)
        if direction.begin == "LAYOUT":
            _draw_layout(layout, direction)
        elif direction.begin == "PICTURE":
            column = layout.column()
            column.prop(direction, "start")
            column.prop(direction, "mask")
            column.prop(direction, "erase", text="Erase" if direction.mask else "Erase Sun")
            column.prop(direction, "strength")
        layout.prop(direction, "show_in_view")


def _draw_layout(layout: bpy.types.UILayout, direction: bpy.types.PropertyGroup) -> None:
    drawn = direction.layout
    column = layout.column()
    column.row().prop(drawn, "light", expand=True)
    if drawn.light != "stars":
        _draw_place(column, drawn)
    for name in _shown(drawn):
        row = column.row(align=True)
        what, azimuth, _ = name.partition("_azimuth")
        if not azimuth:
            row.prop(drawn, name)
            continue
        row.prop(drawn, name, text=f"{what.capitalize()} (°)")  # the name alone, as the sidebar is narrow
        row.operator("skyloom.set_from_view", text="", icon="HIDE_OFF").what = what.upper()
    column.prop(drawn, "seed")
    layout.prop(direction, "strength")
    previewing = SKYLOOM_OT_preview_layout.running()
    text = "End Preview" if previewing else "Preview Layout"
    column = layout.column(align=True)
    column.operator("skyloom.preview_layout", text=text, icon="HIDE_OFF", depress=previewing)
    column.operator("skyloom.generate_panorama", text="Refine with the Model", icon="WORLD")


def _shown(drawn: bpy.types.PropertyGroup) -> Iterator[str]:
    """Names of the sliders that change something, from the sky down to the ground."""
    height = light_direction(drawn)[1]
    lights = drawn.light != "sun" or height < 4  # of a city, which come on at sunset
    closed = drawn.clouds in ("overcast", "storm")
    if drawn.light == "moon":
        yield "moon_phase"
    if drawn.light == "stars":
        yield "milky_way"
        yield "aurora"
    yield "clouds"
    if drawn.clouds == "cumulonimbus":
        yield "cloud_azimuth"
    if drawn.clouds not in ("clear", "overcast"):
        yield "cover"
    if drawn.light == "sun" and not closed:
        yield "rays"
    yield "ground"
    if drawn.ground == "coast":
        yield "sea_azimuth"
    yield "horizon"
    if lights and drawn.horizon != "city":
        yield "city_glow"
    if drawn.horizon == "city" or (lights and drawn.city_glow):
        yield "city_azimuth"
    yield from ("haze", "fog")
    if drawn.light == "sun" and 11 < height <= 26:  # a morning's
        yield "mist"
    if drawn.light == "sun" and height < 12:
        yield "glow"


def _draw_place(column: bpy.types.UILayout, drawn: bpy.types.PropertyGroup) -> None:
    """Where sun or moon stand: by angles, or the sun by date and place."""
    by_place = drawn.light == "sun" and drawn.use_place
    if by_place:
        for name in ("latitude", "longitude", "year", "month", "day", "hour", "zone"):
            column.prop(drawn, name)
        azimuth, elevation = light_direction(drawn)
        column.label(text=f"Azimuth {azimuth:.1f}°, elevation {elevation:.1f}°")
    else:
        column.prop(drawn, "azimuth")
        column.prop(drawn, "elevation")
        row = column.row(align=True)
        row.operator("skyloom.layout_from_lamp", text="From Lamp", icon="LIGHT_SUN")
        row.operator("skyloom.set_from_view", text="From View", icon="HIDE_OFF").what = "SUN"
    if drawn.light == "sun":
        column.prop(drawn, "use_place")
