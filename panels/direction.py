"""The sub-panel of what is where in the sky."""

from typing import ClassVar

import bpy

from .sidebar import SidebarTab
from .world import WorldTab


class SKYLOOM_UL_regions(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property) -> None:
        row = layout.row()
        row.prop(item, "prompt", text="", emboss=False, placeholder="What is there")
        row.label(text="Mask" if item.mask else f"{compass(item.azimuth)} {item.width:.0f}°")


class SKYLOOM_UL_photos(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property) -> None:
        row = layout.row()
        row.prop(item, "file", text="", emboss=False)
        row.label(text="as noted" if item.use_noted else compass(item.azimuth))


def compass(azimuth: float) -> str:
    return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[round(azimuth / 45) % 8]


class Direction:
    bl_label = "Direction"
    bl_description = "What is where in the sky: a layout, pictures, photos, prompts by direction"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, direction = self.layout, context.scene.skyloom.direction
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.row().prop(direction, "begin", expand=True)
        if direction.begin == "LAYOUT":
            _draw_layout(layout, direction)
        elif direction.begin == "PICTURE":
            layout.prop(direction, "start")
            layout.prop(direction, "mask")
            layout.prop(direction, "strength")
        layout.label(text="Prompts by Direction")
        if region := _draw_list(layout, direction, "region"):
            column = layout.column()
            column.prop(region, "prompt")
            column.prop(region, "mask")
            angles = column.column()
            angles.active = not region.mask
            for name in ("azimuth", "width", "lowest", "highest", "softness"):
                angles.prop(region, name)
            angles.operator("skyloom.region_from_view", icon="HIDE_OFF")
        layout.label(text="Photos")
        if photo := _draw_list(layout, direction, "photo"):
            column = layout.column()
            column.prop(photo, "file")
            column.prop(photo, "use_noted")
            where = column.column()
            where.active = not photo.use_noted
            where.prop(photo, "azimuth")
            where.prop(photo, "elevation")
            column.prop(photo, "roll")
            column.prop(photo, "field_of_view")
            column.prop(photo, "strength")
        layout.prop(direction, "reference")


def _draw_layout(layout: bpy.types.UILayout, direction: bpy.types.PropertyGroup) -> None:
    drawn = direction.layout
    column = layout.column()
    column.row().prop(drawn, "light", expand=True)
    if drawn.light != "stars":
        column.prop(drawn, "azimuth")
        column.prop(drawn, "elevation")
        column.operator("skyloom.layout_from_lamp", icon="LIGHT_SUN")
    for name in ("clouds", "ground", "horizon", "haze"):
        column.prop(drawn, name)
    if drawn.light == "sun" and drawn.elevation < 12:
        column.prop(drawn, "glow")
    column.prop(drawn, "seed")
    row = layout.row()
    row.operator("skyloom.preview_layout", icon="HIDE_OFF")
    row.operator("skyloom.generate_panorama", text="Refine with the Model", icon="WORLD")
    layout.prop(direction, "strength")


def _draw_list(
    layout: bpy.types.UILayout, direction: bpy.types.PropertyGroup, name: str
) -> bpy.types.PropertyGroup | None:
    """The list of *name*, a word in the singular; returns the chosen item."""
    items, chosen = getattr(direction, f"{name}s"), getattr(direction, name)
    row = layout.row()
    row.template_list(f"SKYLOOM_UL_{name}s", "", direction, f"{name}s", direction, name, rows=2)
    buttons = row.column(align=True)
    buttons.operator(f"skyloom.add_{name}", text="", icon="ADD")
    buttons.operator(f"skyloom.remove_{name}", text="", icon="REMOVE")
    return items[chosen] if 0 <= chosen < len(items) else None


class SKYLOOM_PT_world_direction(WorldTab, Direction, bpy.types.Panel):
    bl_parent_id = "SKYLOOM_PT_world"


class SKYLOOM_PT_sidebar_direction(SidebarTab, Direction, bpy.types.Panel):
    bl_parent_id = "SKYLOOM_PT_sidebar"
