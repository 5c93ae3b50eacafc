"""The engine in the preferences: what state it is in, and the buttons that change it."""

import bpy

from . import installation
from .engine.errors import EngineIncomplete
from .engine.setup.builds import Build, builds_here, suggested_build
from .engine.setup.lock import disk_bytes, download_bytes
from .engine.setup.place import State
from .folders import engine_folder, python_in_use
from .wrapped_text import draw_text

# What is said of each state, and what the button that changes it is called.
WORDS = {
    State.MISSING: ("Engine not installed", "Install Engine", "INFO"),
    State.INCOMPLETE: ("The installation is not finished", "Continue Installation", "ERROR"),
    State.OUTDATED: ("The engine belongs to another version of Skyloom", "Update Engine", "ERROR"),
    State.BROKEN: ("The engine's Python is gone; was Blender moved or updated?", "Repair", "ERROR"),
    State.READY: ("Engine installed", "Repair", "CHECKMARK"),
}
VERDICTS = {"ok": "CHECKMARK", "note": "INFO", "wrong": "ERROR"}
_suggestion: list[tuple[Build, str]] = []  # asking the driver takes a while, and cards do not change


def suggestion() -> tuple[Build, str]:
    if not _suggestion:
        _suggestion.append(suggested_build())
    return _suggestion[0]


def draw_engine(
    layout: bpy.types.UILayout, context: bpy.types.Context, preferences: bpy.types.AddonPreferences
) -> None:
    work, column = installation.progress(), layout.column()
    if work.running:
        column.progress(factor=work.fraction, text=work.task)
        column.operator("skyloom.cancel_installation", icon="CANCEL")
    else:
        _draw_state(column, context, preferences)
    if work.error:
        draw_text(column, context, work.error, "ERROR")
        draw_text(column, context, work.hint, "BLANK1")
    for finding in work.findings:
        draw_text(column, context, finding.message, VERDICTS[finding.verdict])
        draw_text(column, context, finding.hint, "BLANK1")
    column = layout.column()
    column.prop(preferences, "build")
    if preferences.build == "auto":
        build, why = suggestion()
        row = column.split(factor=0.4)  # where the properties' names end and their values begin
        row.label()
        row.label(text=f"{build.label}. {why}")
    column.prop(preferences, "package_folder")
    column.prop(preferences, "engine_python", text="Existing Python")


def _draw_state(
    layout: bpy.types.UILayout, context: bpy.types.Context, preferences: bpy.types.AddonPreferences
) -> None:
    folder = engine_folder()
    state, record = folder.state(), folder.record()
    words, button, icon = WORDS[state]
    if state is State.READY and record:
        size = f"{record.size / 1e9:.1f} GB on the disk, {builds_here()[record.build].label}"
    else:
        build = builds_here().get(preferences.build) or suggestion()[0]
        size = f"{download_bytes(build) / 1e9:.1f} GB to download, {disk_bytes(build) / 1e9:.1f} GB on the disk"
    layout.label(text=f"{words} \N{MIDDLE DOT} {size}", icon=icon)
    row = layout.row()
    row.operator("skyloom.install_engine", text=button, icon="IMPORT")
    if state is not State.MISSING:
        row.operator("skyloom.remove_engine", icon="TRASH")
    row.operator("skyloom.check_engine", icon="VIEWZOOM")
    row.operator("skyloom.copy_install_log", icon="COPYDOWN")
    if not bpy.app.online_access and not preferences.package_folder:
        row = layout.row()
        row.label(text="Installing needs Blender's online access, which is off", icon="INTERNET_OFFLINE")
        row.operator("extensions.userpref_allow_online", text="Allow Online Access")
    try:
        used = python_in_use(preferences.engine_python)
    except EngineIncomplete as error:
        if preferences.engine_python:  # otherwise the first line has said it
            draw_text(layout, context, error.message, "ERROR")
        return
    if used != folder.python:
        draw_text(layout, context, f"The engine in use is another one: {used}", "CHECKMARK")
