"""What an artist does in one sitting, step by step. Each step fills *saw*; test_window.py judges it on the host."""

import math
import os
from collections.abc import Generator
from typing import Any

import bpy
import numpy as np
from mathutils import Euler
from screen import (
    SKIES,
    Until,
    Wait,
    area,
    box,
    click,
    find_button,
    move,
    pixels,
    press,
    region,
    screenshot,
    settled,
    viewport_point,
    xdotool,
)

GENERATE, VARIATIONS = "skyloom.generate_panorama()", "skyloom.generate_panorama(variations=4)"
CANCEL, COPY_ERROR, PREFERENCES = (
    f"skyloom.{name}()" for name in ("cancel_generation", "copy_error", "open_preferences")
)
WORLD_TAB, SIDEBAR = ("PROPERTIES", "WINDOW"), ("VIEW_3D", "UI")
NANO = os.environ["SKYLOOM_TEST_MODEL"]
START_SECONDS, FINISH_SECONDS = 90, 150  # the first start imports torch, beside a viewport drawn by the processor

Steps = Generator[Wait, None, None]


def status() -> Any:
    """What the extension tells of the running or the last generation, as a script would read it."""
    return bpy.context.window_manager.skyloom


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.skyloom


def preferences() -> bpy.types.AddonPreferences:
    return bpy.context.preferences.addons["bl_ext.user_default.skyloom"].preferences


def told() -> dict:
    return {name: getattr(status(), name) for name in ("running", "stage", "fraction", "error", "hint", "result")}


def skies() -> list[str]:
    return sorted(path.name for path in SKIES.glob("*"))


def click_button(call: str, where: tuple[str, str]) -> Steps:
    point = yield from find_button(call, *where)
    assert point, f"no button in {where} runs {call}"
    yield from click(*point)


def click_generate(where: tuple[str, str], call: str = GENERATE) -> Steps:
    """Click the button and wait until Blender has taken the click: that can take long, and a run can be over fast."""
    before = status()
    yield from click_button(call, where)
    yield Until("the click to start a run", lambda: status() is not before)


def moving(beyond: float = 0.0) -> Until:
    def condition() -> bool:
        assert status().running, f"it does not run: {status()}"
        return status().fraction > beyond

    return Until(f"the progress to move beyond {beyond:.2f}", condition, START_SECONDS)


def ended(seconds: float = FINISH_SECONDS) -> Until:
    return Until("the generation to end", lambda: not status().running, seconds)


def endless() -> None:
    """Settings under which a generation lasts until it is stopped."""
    settings().model, settings().coherence, settings().steps, settings().width = NANO, "OFF", 500, "512"


def panels(saw: dict) -> Steps:
    """The panel is in the World tab and in the sidebar."""
    preferences().output_folder = str(SKIES)
    area("VIEW_3D").spaces.active.show_region_ui = True
    area("PROPERTIES").spaces.active.context = "WORLD"
    yield 1.5
    region(*SIDEBAR).active_panel_category = "Skyloom"
    area("VIEW_3D").tag_redraw()
    yield 1.0
    saw["world_tab"] = yield from find_button(GENERATE, *WORLD_TAB)
    saw["sidebar"] = yield from find_button(GENERATE, *SIDEBAR)
    yield from move(*viewport_point())
    yield from screenshot("panels")


def progress(saw: dict) -> Steps:
    """A click starts a run that moves on while Blender stays usable; a second click changes nothing."""
    endless()
    saw["button"] = point = yield from find_button(GENERATE, *WORLD_TAB)
    yield from screenshot("idle")
    yield from click(*point)
    saw["after_click"] = told()
    yield moving()
    first = status().fraction
    yield moving(first)
    saw["fractions"] = [first, status().fraction]
    yield from screenshot("progress")

    view = area("VIEW_3D").spaces.active.region_3d
    saw["distance_before"] = view.view_distance
    yield from move(*viewport_point())
    xdotool("click", "--repeat", 3, 4)
    yield 1.0
    saw["distance_after"] = view.view_distance

    yield from click(*point)
    yield from click(*point)
    saw["after_second_click"] = told()
    saw["poll"] = bpy.ops.skyloom.generate_panorama.poll()


def escape(saw: dict) -> Steps:
    """Esc in the viewport stops the run of the step before."""
    saw["before"] = told()
    yield from press("Escape", *viewport_point())
    yield ended(30)
    saw |= {"after": told(), "world": bpy.context.scene.world.name, "skies": skies()}
    yield from screenshot("cancelled")


def cancel_button(saw: dict) -> Steps:
    """The sidebar's own buttons start a run and stop it."""
    endless()
    yield from click_generate(SIDEBAR)
    yield moving()
    saw["before"] = told()
    yield from click_button(CANCEL, SIDEBAR)
    yield ended(30)
    saw |= {"after": told(), "world": bpy.context.scene.world.name, "skies": skies()}


def no_python(saw: dict) -> Steps:
    """An engine's Python that is not there: said at once, and the button does nothing."""
    point = yield from find_button(GENERATE, *WORLD_TAB)
    preferences().engine_python = "/no/such/python"
    yield from move(*viewport_point())
    area("PROPERTIES").tag_redraw()
    yield 1.0
    saw["preferences_button"] = yield from find_button(PREFERENCES, *WORLD_TAB)
    yield from screenshot("no-python")
    yield from click(*point)
    saw["after_click"] = told()
    preferences().engine_python = ""
    yield from move(*viewport_point())


def failing(saw: dict) -> Steps:
    """Click Generate, which fails, and see what the panel says."""
    yield from click_generate(WORLD_TAB)
    yield ended(60)
    saw["after"] = told()
    yield from move(*viewport_point())
    yield 1.5  # the error pops up under the pointer and swallows the next click until the pointer has gone
    saw["copy_error_button"] = yield from find_button(COPY_ERROR, *WORLD_TAB)


def python_without_torch(saw: dict) -> Steps:
    """An engine's Python that lacks the engine's packages."""
    preferences().engine_python = "/usr/bin/python3"
    yield from failing(saw)
    yield from screenshot("error")
    preferences().engine_python = ""


def missing_model(saw: dict) -> Steps:
    settings().model = "/no/such/model"
    yield from failing(saw)
    yield from screenshot("missing-model")
    yield from click(*saw["copy_error_button"])
    saw["clipboard"] = bpy.context.window_manager.clipboard


def retry(saw: dict) -> Steps:
    """After the errors, a good run on the bundled model: the sky is the world."""
    saw["old_world"] = bpy.context.scene.world.name
    for name in ("model", "steps", "width"):
        settings().property_unset(name)
    settings().use_random_seed, settings().seed, settings().steps = False, 7, 12
    yield from click_generate(WORLD_TAB)
    yield Until("half of the work", lambda: status().fraction > 0.4 or not status().running, FINISH_SECONDS)
    yield from screenshot("half-way")
    yield ended()
    yield 1.0
    world = bpy.context.scene.world
    saw |= {"after": told(), "world": world.name, "worlds": [world.name for world in bpy.data.worlds], "skies": skies()}
    nodes = {node.bl_idname: node for node in world.node_tree.nodes["Skyloom Sky"].node_tree.nodes}
    image = nodes["ShaderNodeTexEnvironment"].image
    saw |= {"nodes": sorted(nodes), "colorspace": image.colorspace_settings.name, "image": image.filepath}


def undo(saw: dict) -> Steps:
    saw["before"] = bpy.context.scene.world.name
    yield from press("ctrl+z", *viewport_point())
    saw["undone"] = bpy.context.scene.world.name
    yield from press("ctrl+shift+z", *viewport_point())
    saw["redone"] = bpy.context.scene.world.name


def brightest_azimuth() -> float:
    """Direction of the sky's brightest column, in radians from +X towards +Y."""
    image = bpy.data.images[os.path.basename(status().result)]
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    columns = values.reshape(image.size[1], image.size[0], 4)[..., :3].sum((0, 2))
    return math.tau * (0.5 - (int(columns.argmax()) + 0.5) / image.size[0])


def sky(saw: dict) -> Steps:
    """The sky in a Cycles viewport, towards the sun and a little up; first as it is, then as Blender grades it."""
    space, scene = area("VIEW_3D").spaces.active, bpy.context.scene
    view = space.region_3d
    view.view_perspective = "PERSP"
    view.view_rotation = Euler((math.radians(100), 0, brightest_azimuth() - math.radians(110))).to_quaternion()
    space.lens = 24
    scene.render.engine = "CYCLES"
    scene.cycles.preview_samples = 8
    scene.view_settings.view_transform = "Standard"
    space.overlay.show_overlays = space.show_gizmo = False
    scene.objects["Cube"].hide_set(True)
    before = yield from pixels()
    space.shading.type = "RENDERED"
    yield from settled(before)
    saw["view_matrix"] = [list(row) for row in view.view_matrix]
    saw["window_matrix"] = [list(row) for row in view.window_matrix]
    saw["box"] = box(region("VIEW_3D", "WINDOW"))
    saw["sidebar_left"] = box(region(*SIDEBAR))[0]
    saw["header_bottom"] = box(region("VIEW_3D", "TOOL_HEADER"))[3]
    yield from screenshot("sky-standard")

    before = yield from pixels()
    scene.view_settings.view_transform = "AgX"
    scene.objects["Cube"].hide_set(False)
    yield from settled(before)
    yield from screenshot("sky")


def no_world(saw: dict) -> Steps:
    """A scene without a world gets one."""
    bpy.context.scene.world = None
    area("VIEW_3D").spaces.active.shading.type = "SOLID"
    settings().model, settings().steps, settings().width = NANO, 2, "512"
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    world = bpy.context.scene.world
    saw |= {"after": told(), "world": world and world.name}


STEPS = (
    panels,
    progress,
    escape,
    cancel_button,
    no_python,
    python_without_torch,
    missing_model,
    retry,
    undo,
    sky,
    no_world,
)
