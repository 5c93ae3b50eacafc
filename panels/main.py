"""The panel itself, and its sub-panel of what artists seldom need."""

from pathlib import Path
from typing import ClassVar

import bpy

from .. import preferences, session
from ..engine.errors import EngineIncomplete
from ..engine.wording import progress_text
from ..generation import Status
from ..history import sky_at
from ..wrapped_text import draw_text
from .cards import draw_cards
from .presets import SKYLOOM_PT_presets
from .thumbnails import live


class Main:
    bl_label = "Skyloom"
    bl_description = "Skies from a description"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        SKYLOOM_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        draw_main(self.layout, context)


class Advanced:
    bl_label = "Advanced"
    bl_description = "Steps, and how the parts of the panorama are drawn together"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_advanced(self.layout, context)


def draw_main(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings, status = context.scene.skyloom, session.status()
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column()
    column.use_property_split = False
    column.prop(settings, "prompt", text="", placeholder="Describe the sky")
    column.prop(settings, "negative", text="", placeholder="What it should not show")
    column = layout.column()
    row = column.row(align=True)
    row.prop(settings, "style")
    row.popover("SKYLOOM_PT_styles", text="", icon="IMGDISPLAY")
    row = column.row()
    row.use_property_split = False  # the three words say what they are, and need the room
    row.prop(settings, "quality", expand=True)
    column.row().prop(settings, "coherence", expand=True)
    column.prop(settings, "width")
    _draw_seed(column, settings)
    column = layout.column()
    column.row().prop(settings, "target", expand=True)
    if settings.target == "BACKDROP":
        column.row().prop(settings, "backdrop_shape", expand=True)
    if status.running:
        _draw_progress(layout, status)
    else:
        _draw_button(layout, context, status)
    if len(status.results) > 1:
        skies = [sky for path in status.results if (sky := sky_at(Path(path)))]
        alike = len({sky.job["prompt"] for sky in skies}) == 1
        draw_cards(layout, context, skies, lambda sky: f"Seed {sky.job['seed']}" if alike else sky.job["prompt"])


def draw_advanced(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.skyloom
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column()
    _draw_number(column, settings, "steps", "Steps")
    _draw_number(column, settings, "guidance", "Guidance")
    column.prop(settings, "solver")
    column = layout.column(heading="Coherence")
    column.active = settings.coherence != "OFF"
    _draw_number(column, settings, "sync_weight", "Weight")
    column.prop(settings, "sync_decay")
    row = column.row()
    row.active = settings.coherence == "EXACT"
    _draw_number(row, settings, "sync_steps", "Synchronized Steps")
    column = layout.column()
    _draw_number(column, settings, "window", "Window")
    _draw_number(column, settings, "stride", "Stride")
    layout.prop(settings, "sky_only")
    layout.prop(settings, "preview_in_world")
    if settings.other:
        layout.prop(settings, "other")


def _draw_number(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, name: str, label: str) -> None:
    """A number whose 0 stands for the model's own: the label says so, because a number cannot."""
    layout.prop(settings, name, text=label if getattr(settings, name) else f"{label} (auto)")


def _draw_seed(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    split = layout.split(factor=0.4)  # as a property's own, which the lock would move to the left
    label = split.row()
    label.alignment = "RIGHT"
    label.active = not settings.use_random_seed
    label.label(text="Seed")
    row = split.row(align=True)
    row.use_property_split = False
    field = row.row(align=True)
    field.active = not settings.use_random_seed
    field.prop(settings, "seed", text="")
    row.prop(settings, "use_random_seed", text="", icon="UNLOCKED" if settings.use_random_seed else "LOCKED")


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    row = layout.row()
    row.scale_y = 1.5
    try:
        preferences.engine_python(context)
    except EngineIncomplete as error:
        row.enabled = False
        row.operator("skyloom.generate_panorama", icon="WORLD")
        box = layout.box()
        draw_text(box, context, error.message, "ERROR")
        draw_text(box, context, error.hint, "BLANK1")
        box.operator("skyloom.open_preferences", icon="PREFERENCES")
    else:
        row.operator("skyloom.generate_panorama", icon="WORLD")
        layout.operator("skyloom.generate_panorama", text="4 Variations", icon="GRID").variations = 4
        if preferences.engine_is_outdated(context):
            row = layout.row(align=True)
            draw_text(row.column(), context, "The engine belongs to another version of Skyloom.", "INFO")
            row.operator("skyloom.open_preferences", text="Update", icon="PREFERENCES")
        _draw_outcome(layout, context, status)


def _draw_progress(layout: bpy.types.UILayout, status: Status) -> None:
    """The bar and the words are where the buttons were: the second half of a double-click must not cancel."""
    column = layout.column()
    bar = column.row()
    bar.scale_y = 1.5
    bar.progress(factor=status.fraction, type="BAR", text=f"{status.fraction:.0%}")
    column.label(text=progress_text(status.stage, status.seconds_left))
    column.operator("skyloom.cancel_generation", icon="CANCEL")
    if picture := live():
        column.template_icon(icon_value=picture, scale=9.0)


def _draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    if status.error:
        box = layout.box()
        draw_text(box, context, status.error, "ERROR")
        draw_text(box, context, status.hint, "BLANK1")
        box.operator("skyloom.copy_error", icon="COPYDOWN")
    if status.notice:
        draw_text(layout.column(), context, status.notice, "INFO")
    if status.result:
        row = layout.row(align=True)
        row.label(text=Path(status.result).name, icon="CHECKMARK")
        row.operator("skyloom.open_output_folder", text="", icon="FILE_FOLDER")
