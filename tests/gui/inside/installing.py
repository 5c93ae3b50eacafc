"""The engine in the preferences: before it is installed, an installation that fails, and a check of another one."""

import bpy
from screen import Until, find_button, move, screenshot
from story import Steps, area, click_button, preferences

PREFERENCES = ("PREFERENCES", "WINDOW")
INSTALL, CHECK, CANCEL = (f"skyloom.{name}()" for name in ("install_engine", "check_engine", "cancel_installation"))


def idle() -> Until:
    """The Install button can be clicked again."""
    return Until("the work on the engine to end", lambda: bpy.ops.skyloom.check_engine.poll(), 120)


def offline(saw: dict) -> Steps:
    """Not installed, and Blender's online access is off."""
    area("VIEW_3D").type = "PREFERENCES"
    yield 0.5
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Skyloom"
    bpy.ops.preferences.addon_expand(module="bl_ext.user_default.skyloom")
    yield 1.5
    saw["online"] = bpy.app.online_access
    saw["check_button"] = yield from find_button(CHECK, *PREFERENCES)  # a grey button has no command to copy
    saw["install"] = bpy.ops.skyloom.install_engine.poll()
    yield from move(30, 500)
    yield from screenshot("offline")


def failure(saw: dict) -> Steps:
    """From a folder of packages that is not there."""
    preferences().package_folder = "/no/such/folder"
    yield 0.5
    yield from click_button(INSTALL, PREFERENCES)
    yield idle()
    yield from move(30, 500)  # an error popup closes when the pointer leaves it
    yield 1.5
    preferences().package_folder = ""
    yield from screenshot("failure")


def cancel(saw: dict) -> Steps:
    """A check is stopped by the button that stands where the others were."""
    yield from click_button(CHECK, PREFERENCES)
    yield 0.5
    yield from screenshot("progress")
    yield from click_button(CANCEL, PREFERENCES)
    yield idle()
    bpy.ops.skyloom.copy_install_log()
    saw["report"] = bpy.context.window_manager.clipboard


def check(saw: dict) -> Steps:
    """The engine that runs these tests is looked over, while the window lives."""
    yield from click_button(CHECK, PREFERENCES)
    saw["during"] = bpy.ops.skyloom.install_engine.poll()
    yield idle()
    bpy.ops.skyloom.copy_install_log()
    saw["report"] = bpy.context.window_manager.clipboard
    yield 0.5
    yield from screenshot("check")


STEPS = (offline, failure, cancel, check)
