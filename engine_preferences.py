"""The engine in the preferences: what state it is in, and the buttons that change it."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import bpy

from . import installation
from .engine.errors import EngineIncomplete
from .engine.setup.builds import Build, builds_here, suggested_build
from .engine.setup.lock import disk_bytes, download_bytes
from .engine.setup.place import State
from .engine.wording import size
from .folders import engine_folder, python_in_use
from .wrapped_text import draw_text

# What is said of each state, and what the button that changes it is called.
WORDS = {
    State.MISSING: ("Engine not installed", "Install Engine", "INFO"),
    State.INCOMPLETE: ("The installation is not finished", "Continue", "ERROR"),
    State.OUTDATED: ("The engine belongs to another version of Skyloom", "Update Engine", "ERROR"),
    State.BROKEN: ("The engine's Python is gone; was Blender moved or updated?", "Repair", "ERROR"),
    State.READY: ("Engine installed", "Repair", "CHECKMARK"),
}
DOT = "\N{MIDDLE DOT}"
VERDICTS = {"ok": "CHECKMARK", "note": "INFO", "wrong": "ERROR"}


@cache
def _suggestion() -> Future[tuple[Build, str]]:
    """The build that suits this machine, and why. Found out once and beside Blender: a driver may take seconds."""
    with_one = ThreadPoolExecutor(1)
    future = with_one.submit(suggested_build)
    with_one.shutdown(wait=False)
    bpy.app.timers.register(_redraw_when_found)
    return future


def _redraw_when_found() -> float | None:
    if not _suggestion().done():
        return 0.1
    redraw_preferences(bpy.context.window_manager)
    return None


def redraw_preferences(manager: bpy.types.WindowManager) -> None:
    """Redraw the preferences, in all windows that show them."""
    for window in manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()


def draw_engine(
    layout: bpy.types.UILayout, context: bpy.types.Context, preferences: bpy.types.AddonPreferences
) -> None:
    """What state the engine is in, what is being done to it, and what can be."""
    work, column = installation.progress(), layout.column()
    if work.running:
        text = f" {DOT} ".join(filter(None, (work.task, work.size)))
        column.progress(factor=work.fraction, text=text)
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
        row = column.split(factor=0.4)  # where the properties' names end and their values begin
        row.label()
        words = row.column(align=True)
        words.scale_y = 0.8
        for line in _suggested_words():
            words.label(text=line)
    column.prop(preferences, "package_folder")
    column.prop(preferences, "engine_python", text="Existing Python")


def _chosen_build(preferences: bpy.types.AddonPreferences) -> Build | None:
    """None while it is being found out."""
    if preferences.build != "auto":
        return builds_here()[preferences.build]
    return _suggestion().result()[0] if _suggestion().done() else None


def _suggested_words() -> tuple[str, ...]:
    if not _suggestion().done():
        return ("Looking at this computer",)
    build, why = _suggestion().result()
    return build.label, why


def ready_button(installed: str, chosen: Build | None) -> str:
    """What the button of a whole engine with the build *installed* is called: it puts the *chosen* one there."""
    return f"Change to {chosen.label}" if chosen and chosen.name != installed else WORDS[State.READY][1]


def _draw_state(
    layout: bpy.types.UILayout, context: bpy.types.Context, preferences: bpy.types.AddonPreferences
) -> None:
    folder, build = engine_folder(), _chosen_build(preferences)
    state, record = folder.state(), folder.record()
    words, button, icon = WORDS[state]
    if state is State.READY and record:
        words += f" {DOT} {size(record.size)} on the disk, {builds_here()[record.build].label}"
        button = ready_button(record.build, build)
    elif build:
        online = not preferences.package_folder
        to_download = f"{size(download_bytes(build))} to download, " if online else ""
        words += f" {DOT} {to_download}{size(disk_bytes(build, online))} on the disk"
    layout.label(text=words, icon=icon)
    row = layout.row()
    row.operator("skyloom.install_engine", text=button, icon="IMPORT")
    if state is not State.MISSING:
        row.operator("skyloom.remove_engine", icon="TRASH")
    row.operator("skyloom.check_engine", icon="VIEWZOOM")
    row.operator("skyloom.copy_install_log", icon="COPYDOWN")
    if not bpy.app.online_access and not preferences.package_folder:
        row = layout.split(factor=0.68)
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
