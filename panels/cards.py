"""Skies as cards: a picture, below it a button that applies the sky, and a menu for the rest."""

from collections.abc import Callable

import bpy

from ..history import Sky
from ..scene.images import images_of
from .thumbnails import thumbnail

CARD_WIDTH = 130  # pixels at an interface scale of 1
_PATH = "skyloom_path"  # context string: the sky that a menu is about


def draw_cards(
    layout: bpy.types.UILayout, context: bpy.types.Context, skies: list[Sky], label: Callable[[Sky], str]
) -> None:
    """A grid with as many columns as there is room for. label: what is on a sky's button."""
    scale = context.preferences.system.ui_scale
    columns = max(2, int(context.region.width / (CARD_WIDTH * scale)))
    grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True)
    for sky in skies:
        card = grid.column(align=True)
        card.template_icon(icon_value=icon_of(sky), scale=4.5)
        row = card.row(align=True)
        row.operator_context = "EXEC_DEFAULT"
        apply = row.operator("skyloom.apply_panorama", text=label(sky))
        apply.filepath, apply.target = str(sky.path), context.scene.skyloom.target
        row.context_string_set(_PATH, str(sky.path))
        row.menu(SKYLOOM_MT_sky.__name__, text="", icon="DOWNARROW_HLT")


def icon_of(sky: Sky) -> int:
    """The picture of *sky*: the one beside it, or where that is gone what Blender makes of the sky's file, or of what
    the .blend has packed."""
    icon = thumbnail(sky.picture, sky.made) or thumbnail(sky.path, sky.made)
    packed = [] if icon else [image for image in images_of(sky.path) if image.packed_file]
    return packed[-1].preview_ensure().icon_id if packed else icon


class SKYLOOM_MT_sky(bpy.types.Menu):
    bl_label = "Sky"
    bl_description = "More to do with this sky"

    def draw(self, context: bpy.types.Context) -> None:
        layout, path = self.layout, getattr(context, _PATH)
        layout.operator("skyloom.use_settings", icon="COPYDOWN").filepath = path
        layout.operator("skyloom.open_output_folder", icon="FILE_FOLDER").filepath = path
        layout.separator()
        layout.operator("skyloom.delete_panorama", icon="TRASH").filepath = path
