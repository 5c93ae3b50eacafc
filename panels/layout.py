"""What both places of the panel draw."""

import textwrap
from pathlib import Path

import bpy

from .. import preferences, session
from ..engine.environment import find_engine_python
from ..engine.errors import EngineIncomplete
from ..generation import Status
from .wording import progress_text

CHARACTER_WIDTH = 6.5  # pixels of a letter on average, at an interface scale of 1


def draw_main(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings, status = context.scene.skyloom, session.status()
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column()
    column.use_property_split = False
    column.prop(settings, "prompt", text="", placeholder="Describe the sky")
    column.prop(settings, "negative", text="", placeholder="What it should not show")
    column = layout.column()
    _draw_seed(column, settings)
    _draw_number(column, settings, "steps", "Steps")
    column.prop(settings, "width")
    column = layout.column()
    column.row().prop(settings, "target", expand=True)
    if settings.target == "BACKDROP":
        column.row().prop(settings, "backdrop_shape", expand=True)
    if status.running:
        _draw_progress(layout, status)
    else:
        _draw_button(layout, context, status)


def draw_advanced(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.skyloom
    layout.use_property_split = True
    layout.use_property_decorate = False
    layout.prop(settings, "model")
    _draw_number(layout, settings, "guidance", "Guidance")
    layout.prop(settings, "sampler")
    column = layout.column()
    column.active = settings.sampler == "sync"
    _draw_number(column, settings, "sync_steps", "Synchronized Steps")


def _draw_number(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, name: str, label: str) -> None:
    """A number whose 0 stands for the model's own: the label says so, because a number cannot."""
    layout.prop(settings, name, text=label if getattr(settings, name) else f"{label} (auto)")


def _draw_seed(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    row = layout.row(align=True)
    field = row.row(align=True)
    field.active = not settings.use_random_seed
    field.prop(settings, "seed")
    row.prop(settings, "use_random_seed", text="", icon="FILE_REFRESH")


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    row = layout.row()
    row.scale_y = 1.5
    try:
        find_engine_python(preferences.get(context).engine_python)
    except EngineIncomplete as error:
        row.enabled = False
        row.operator("skyloom.generate_panorama", icon="WORLD")
        box = layout.box()
        _draw_text(box, context, error.message, "ERROR")
        _draw_text(box, context, error.hint, "BLANK1")
        box.operator("skyloom.open_preferences", icon="PREFERENCES")
    else:
        row.operator("skyloom.generate_panorama", icon="WORLD")
        _draw_outcome(layout, context, status)


def _draw_progress(layout: bpy.types.UILayout, status: Status) -> None:
    column = layout.column(align=True)
    bar = column.row()
    bar.scale_y = 1.5  # as high as the button was, so that the second half of a double-click does not cancel
    bar.progress(factor=status.fraction, type="BAR", text=progress_text(status.stage, status.seconds_left))
    column.operator("skyloom.cancel_generation", icon="CANCEL")


def _draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    if status.error:
        box = layout.box()
        _draw_text(box, context, status.error, "ERROR")
        _draw_text(box, context, status.hint, "BLANK1")
        box.operator("skyloom.copy_error", icon="COPYDOWN")
    if status.notice:
        _draw_text(layout.column(), context, status.notice, "INFO")
    if status.result:
        row = layout.row(align=True)
        row.label(text=Path(status.result).name, icon="CHECKMARK")
        row.operator("skyloom.open_output_folder", text="", icon="FILE_FOLDER")


def _draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A label of as many lines as *text* needs in the width of the region; the icon is beside the first."""
    scale = context.preferences.system.ui_scale
    letters = max(20, int(context.region.width / (CHARACTER_WIDTH * scale)) - 12)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon="BLANK1" if number else icon)
