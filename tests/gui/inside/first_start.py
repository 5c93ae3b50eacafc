"""The first start: an engine is installed by a click, from a folder of packages, makes a sky, is repaired, removed."""

import os
import sys
from pathlib import Path

import bpy
from installing import CANCEL, INSTALL, PREFERENCES
from keeping import at_rest, shown_by
from screen import Until, find_button, move, screenshot, viewport_point, xdotool
from story import GENERATE, SIDEBAR, Steps, click_button, click_generate, ended, preferences, settings, told

OPEN_PREFERENCES, REMOVE = "skyloom.open_preferences()", "skyloom.remove_engine()"
PACKAGES, BUILD = os.environ["SKYLOOM_TEST_PACKAGES"], os.environ["SKYLOOM_TEST_BUILD"]
del os.environ["SKYLOOM_ENGINE_PYTHON"]  # the other stories' engine, which an artist does not have


def module(name: str):
    return sys.modules[f"bl_ext.user_default.skyloom.{name}"]


def state() -> str:
    return module("folders").engine_folder().state().value


def grown(least: float) -> Until:
    """The share of the work that is done, in the bar, is more than *least*, or the work has ended."""
    work = module("installation").progress
    return Until(f"the bar to pass {least:.0%}", lambda: work().fraction > least or not work().running, 240)


def idle() -> Until:
    return Until("the work on the engine to end", lambda: not module("installation").progress().running, 240)


def open_preferences() -> Steps:
    """The window opens around the pointer."""
    yield from move(*viewport_point())
    bpy.ops.preferences.addon_show(module="bl_ext.user_default.skyloom")
    yield 2.0


def close_preferences() -> None:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
        bpy.ops.wm.window_close()


def aside() -> Steps:
    """The pointer where no button is."""
    yield from move(30, 900)


def without(saw: dict) -> Steps:
    """The panel says that there is no engine; its button opens the preferences in a window, which show the offer."""
    yield from at_rest()
    saw["generate"] = yield from find_button(GENERATE, *SIDEBAR)  # a grey button has no command to copy
    yield from move(*viewport_point())
    yield from screenshot("no-engine")
    yield from click_button(OPEN_PREFERENCES, SIDEBAR)
    yield 2.0
    saw |= {"state": state(), "online": bpy.app.online_access}
    saw["install"] = yield from find_button(INSTALL, *PREFERENCES)
    yield from aside()
    yield from screenshot("offline")


def cancelled(saw: dict) -> Steps:
    """A click installs from a folder of packages; another click stops it."""
    preferences().package_folder, preferences().build = PACKAGES, BUILD
    yield 1.0
    yield from screenshot("offer")
    yield from click_button(INSTALL, PREFERENCES)
    yield grown(0.02)
    saw["fraction"] = module("installation").progress().fraction
    yield from click_button(CANCEL, PREFERENCES)
    yield idle()
    yield 1.0
    saw |= {"state": state(), "error": module("installation").progress().error}
    yield from aside()
    yield from screenshot("cancelled")


def installed(saw: dict) -> Steps:
    """The next click goes on from there to an engine that works, also when the preferences are closed meanwhile."""
    yield from click_button(INSTALL, PREFERENCES)
    yield from aside()
    saw["fractions"], saw["tasks"] = [], []
    for least in (0.1, 0.3, 0.5):
        yield grown(least)
        saw["fractions"].append(module("installation").progress().fraction)
        saw["tasks"].append(module("installation").progress().task)
        yield from screenshot(f"installing-{least:.0%}".removesuffix("%"))
    close_preferences()
    yield idle()
    yield 1.0
    yield from open_preferences()
    record = module("folders").engine_folder().record()
    saw |= {
        "state": state(),
        "error": module("installation").progress().error,
        "bytes": record and record.size,
    }
    yield from screenshot("installed")
    close_preferences()
    yield 1.0


def generated(saw: dict) -> Steps:
    """The engine that was installed paints a sky."""
    settings().use_random_seed, settings().seed, settings().steps = False, 7, 4
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    saw |= {"python": str(module("session")._session.python), "after": told()}
    saw["shown"] = shown_by(bpy.context.scene.world)
    yield from aside()
    yield from screenshot("generated")


def repaired(saw: dict) -> Steps:
    """A file of a package is lost; a click on Repair brings it back."""
    yield from open_preferences()
    lost = next(Path(module("folders").engine_folder().environment).rglob("site-packages/einops/einops.py"))
    lost.unlink()
    yield from click_button(INSTALL, PREFERENCES)
    yield idle()
    yield 1.0
    saw |= {"state": state(), "there": lost.exists(), "error": module("installation").progress().error}


def removed(saw: dict) -> Steps:
    """Removing is asked about first."""
    yield from click_button(REMOVE, PREFERENCES)
    yield 1.0
    yield from screenshot("really")
    saw["before"] = state()
    xdotool("key", "Return")
    yield idle()
    yield 1.0
    saw |= {"state": state(), "folder": module("folders").engine_folder().path.exists()}
    yield from aside()
    yield from screenshot("removed")


STEPS = (without, cancelled, installed, generated, repaired, removed)
