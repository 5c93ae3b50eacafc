"""The sub-panels of prompts by direction and of photos: a list each, and what is chosen in it."""

from typing import ClassVar

import bpy

from .compass import compass_icon, swatch


class SKYLOOM_UL_regions(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, index) -> None:
        row = layout.split(factor=0.72)
        row.prop(item, "prompt", text="", emboss=False, placeholder="What is there", icon_value=swatch(index))
        row.label(text="Mask" if item.mask else f"{compass(item.azimuth)} {item.width:.0f}°")


class SKYLOOM_UL_photos(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property) -> None:
        row = layout.split(factor=0.72)
        row.label(text=bpy.path.basename(item.file) or "No file", icon="IMAGE_DATA")
        row.label(text="As noted" if item.use_noted else compass(item.azimuth))


def compass(azimuth: float) -> str:
    """The point of the compass that is nearest to *azimuth*, in degrees."""
    return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[round(azimuth / 45) % 8]


class Regions:
    bl_label = "Prompts by Direction"
    bl_description = "Parts of the sky with prompts of their own"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, direction = plain(self.layout), context.scene.skyloom.direction
        region = draw_list(layout, direction, "region")
        if not region:
            return
        layout.template_icon(icon_value=compass_icon(direction), scale=8.0)
        column = layout.column()
        column.prop(region, "prompt")
        column.prop(region, "mask")
        angles = column.column()
        angles.active = not region.mask
        for name in ("azimuth", "width", "lowest", "highest", "softness"):
            angles.prop(region, name)
        angles.operator("skyloom.set_from_view", icon="HIDE_OFF").what = "REGION"


class Photos:
    bl_label = "Photos"
    bl_description = "Photos that the sky is painted around"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, direction = plain(self.layout), context.scene.skyloom.direction
        photo = draw_list(layout, direction, "photo")
        if not photo:
            return
        column = layout.column()
        column.prop(photo, "file")
        column.prop(photo, "use_noted")
        where = column.column()
        where.active = not photo.use_noted
        where.prop(photo, "azimuth")
        where.prop(photo, "elevation")
        where.operator("skyloom.set_from_view", icon="HIDE_OFF").what = "PHOTO"
        column.prop(photo, "roll")
        column.prop(photo, "field_of_view", text="Lens (°)" if photo.field_of_view else "Lens (noted)")
        column.prop(photo, "strength")


def plain(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """*layout* in Blender's two columns, without dots for keyframes: these properties are not animated."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    return layout


def draw_list(
    layout: bpy.types.UILayout, direction: bpy.types.PropertyGroup, name: str
) -> bpy.types.PropertyGroup | None:
    """The list of *name*, a word in the singular; returns the chosen item."""
    items, chosen = getattr(direction, f"{name}s"), getattr(direction, name)
    row = layout.row()
    row.template_list(f"SKYLOOM_UL_{name}s", "", direction, f"{name}s", direction, name, rows=3 if items else 2)
    buttons = row.column(align=True)
    buttons.operator(f"skyloom.add_{name}", text="", icon="ADD")
    remove = buttons.row(align=True)
    remove.enabled = bool(items)
    remove.operator("skyloom.remove_part", text="", icon="REMOVE").kind = name
    return items[chosen] if 0 <= chosen < len(items) else None
