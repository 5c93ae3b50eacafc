"""Two windows, two scenes, and an extension that is switched off while it works."""

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import bpy
import numpy as np
from keeping import at_rest, quick, shown_by
from screen import OUT, Until, Wait, press, screenshot, viewport_point
from story import SIDEBAR, Steps, click_generate, ended, endless, moving, settings, status, told

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from session import engine_processes

MODULE = "bl_ext.user_default.skyloom"


def second_window() -> Generator[Wait, None, bpy.types.Window]:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.wm.window_new()
    yield 3.0
    return bpy.context.window_manager.windows[-1]


def windows(saw: dict) -> Steps:
    """A second window that is opened and closed again while a sky is made leaves it alone."""
    yield from at_rest()
    endless()
    yield from click_generate(SIDEBAR)
    yield moving()
    second = yield from second_window()
    saw["count"] = len(bpy.context.window_manager.windows)
    yield from screenshot("two-windows")
    with bpy.context.temp_override(window=second):
        bpy.ops.wm.window_close()
    yield moving(status().fraction)
    saw["running"] = status().running
    yield from press("Escape", *viewport_point())
    yield ended(30)
    saw["after"] = told()


def from_the_second(saw: dict) -> Steps:
    """A sky that was asked for in a second window is made though that is closed."""
    yield from at_rest()
    quick()
    settings().steps = 30
    second = yield from second_window()
    with bpy.context.temp_override(window=second):
        bpy.ops.skyloom.generate_panorama("INVOKE_DEFAULT")
    yield moving()
    with bpy.context.temp_override(window=second):
        bpy.ops.wm.window_close()
    yield 1.0
    saw["running"] = status().running
    yield ended()
    yield 1.0
    saw |= {"after": told(), "shown": shown_by(bpy.context.scene.world)}


def cube_map_from_the_second(saw: dict) -> Steps:
    """So is a cube map. Its process is held, for on a fast machine it would be ready before anybody looks."""
    export, folder = bpy.types.SKYLOOM_OT_export_cube_map, OUT / "cube"
    second = yield from second_window()
    saw["child"] = second.parent is not None
    with bpy.context.temp_override(window=second):
        bpy.ops.skyloom.export_cube_map("EXEC_DEFAULT", directory=str(folder), file_format="PNG")
        (process,) = (number for number, line in engine_processes().items() if " -m engine cube " in line)
        os.kill(process, signal.SIGSTOP)
        bpy.ops.wm.window_close()
    yield 1.0
    saw["running"] = export.running()
    os.kill(process, signal.SIGCONT)
    yield Until("the cube map", lambda: not export.running(), 60)
    saw["faces"] = sorted(file.name for file in folder.glob("*"))


def layout_from_the_second(saw: dict) -> Steps:
    """So does the preview of a layout follow its sliders, until it is ended; it gives all scenes their worlds back."""
    window, scene, own = bpy.context.window_manager.windows[0], bpy.context.scene, bpy.context.scene.world
    preview, drawn = bpy.types.SKYLOOM_OT_preview_layout, settings().direction.layout
    second = yield from second_window()
    with bpy.context.temp_override(window=second):
        bpy.ops.skyloom.preview_layout("INVOKE_DEFAULT")
    yield Until("the layout in the world", lambda: scene.world != own, 60)
    with bpy.context.temp_override(window=second):
        bpy.ops.wm.window_close()
    before = sun_seen()
    drawn.azimuth += 90
    yield Until("another picture of the layout", lambda: abs(sun_seen() - before) > 0.1, 60)
    saw["running"] = preview.running()
    yield from screenshot("layout")
    other = bpy.data.scenes.new("Looked at")
    window.scene = other
    yield 1.0
    with bpy.context.temp_override(window=window):
        bpy.ops.skyloom.preview_layout("INVOKE_DEFAULT")
    yield Until("the preview to end", lambda: not preview.running(), 10)
    saw["given_back"] = scene.world == own and other.world is None
    window.scene = scene
    bpy.data.scenes.remove(other)
    yield 1.0


def sun_seen() -> float:
    """Where the lent picture, which is drawn in two sizes, is brightest, as a share of its width."""
    image = bpy.data.images["Skyloom Preview"]
    width, height = image.size
    pixels = np.array(image.pixels).reshape(height, width, 4)
    return pixels[..., :3].sum(2).max(0).argmax() / width


def scenes(saw: dict) -> Steps:
    """A sky goes to the scene that it was asked for in, although the window shows another one by then."""
    window, first = bpy.context.window_manager.windows[0], bpy.context.scene
    other = bpy.data.scenes.new("Other")
    quick()
    settings().steps = 30
    yield from click_generate(SIDEBAR)
    window.scene = other
    saw["running"] = status().running
    yield ended()
    yield 1.0
    saw |= {"after": told(), "first": shown_by(first.world), "other": other.world and other.world.name}
    quick()
    settings().prompt = "a storm"
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    saw |= {
        "later": shown_by(other.world),
        "kept": shown_by(first.world),
        "prompts": [first.skyloom.prompt, settings().prompt],
    }
    yield from screenshot("scenes")


def switched_off(saw: dict) -> Steps:
    """Disabled in the middle of a run: the engine ends, the panel goes. Enabled again, all is as it was."""
    endless()
    yield from click_generate(SIDEBAR)
    yield moving()
    prompt = settings().prompt
    bpy.ops.preferences.addon_disable(module=MODULE)
    yield Until("the engine to end", lambda: not engine_processes(), 10)
    saw["gone"] = not hasattr(bpy.types, "SKYLOOM_PT_sidebar")
    yield 1.0
    yield from screenshot("disabled")
    bpy.ops.preferences.addon_enable(module=MODULE)
    yield from at_rest()
    saw["prompts"] = [prompt, settings().prompt]
    quick()
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    saw |= {"after": told(), "shown": shown_by(bpy.context.scene.world)}
    yield from screenshot("enabled")


STEPS = (windows, from_the_second, cube_map_from_the_second, layout_from_the_second, scenes, switched_off)
