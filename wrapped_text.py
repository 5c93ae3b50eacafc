"""Text that is longer than a panel is wide: Blender's labels do not wrap."""

import textwrap

import bpy

CHARACTER_WIDTH = 6.5  # pixels of a letter on average, at an interface scale of 1


def draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A label of as many lines as *text* needs in the width of the region; the icon is beside the first."""
    scale = context.preferences.system.ui_scale
    letters = max(20, int(context.region.width / (CHARACTER_WIDTH * scale)) - 8)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon="BLANK1" if number else icon)
