"""Looking and keeping: the preview moves, four variations and one picked, its settings used again, save and reopen."""

import sys
import time

import bpy
from screen import OUT, SKIES, Until, area, box, click, find_button, move, region, screenshot, viewport_point, xdotool
from story import (
    SIDEBAR,
    VARIATIONS,
    Steps,
    click_generate,
    ended,
    endless,
    moving,
    preferences,
    settings,
    status,
    told,
)
from subpanels import opened

APPLY = "skyloom.apply_panorama("


def quick() -> None:
    endless()
    settings().steps, settings().use_random_seed, settings().seed = 2, False, 20


def shown_by(world: bpy.types.World) -> str:
    """The file of the picture in *world*, one of ours."""
    group = world.node_tree.nodes["Skyloom Sky"].node_tree
    return next(bpy.path.abspath(node.image.filepath) for node in group.nodes if node.type == "TEX_ENVIRONMENT")


def at_rest() -> Steps:
    """The sidebar alone, with its tab open."""
    preferences().output_folder = str(SKIES)
    area("VIEW_3D").spaces.active.show_region_ui = True
    yield 1.5
    region(*SIDEBAR).active_panel_category = "Skyloom"
    area("VIEW_3D").tag_redraw()
    yield 1.0


def timed(owner: object, name: str, seconds: list[float]) -> None:
    """Let each call of *owner*'s function *name* be measured from now on."""
    function = getattr(owner, name)

    def call(*arguments: object) -> object:
        start = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            seconds.append(time.perf_counter() - start)

    setattr(owner, name, call)


def preview(saw: dict) -> Steps:
    """While it runs, the picture changes in the panel and in the world, which is given back after Esc."""
    saw["seconds"] = {"timer and events": [], "drawing the panel": []}
    operator = bpy.types.SKYLOOM_OT_generate_panorama
    timed(operator, "modal", saw["seconds"]["timer and events"])
    modal = operator.modal
    operator.modal = lambda self, context, event: modal(self, context, event)  # Blender counts its parameters
    timed(sys.modules["bl_ext.user_default.skyloom.panels.sidebar"], "draw_main", saw["seconds"]["drawing the panel"])
    yield from at_rest()
    endless()
    settings().preview_in_world = True
    saw["own"] = bpy.context.scene.world.name
    yield from click_generate(SIDEBAR)
    yield moving()
    yield Until("the first preview", lambda: status().preview, 60)
    first = status().preview
    yield Until("another preview", lambda: status().preview not in (None, first), 60)
    saw["pixels"] = [first.pixels, status().preview.pixels]
    saw["lent"] = bpy.context.scene.world.name
    yield 0.5
    yield from screenshot("preview")
    yield from move(*viewport_point())
    xdotool("key", "Escape")
    yield ended(60)
    saw["after"], saw["left"] = bpy.context.scene.world.name, [world.name for world in bpy.data.worlds]
    settings().preview_in_world = False


def variations(saw: dict) -> Steps:
    quick()
    yield from click_generate(SIDEBAR, VARIATIONS)
    yield ended()
    yield from move(*viewport_point())
    yield 2.0
    saw |= {"results": status().results, "world": bpy.context.scene.world.name, "after": told()}
    yield from screenshot("variations")


def pick(saw: dict) -> Steps:
    """A click below a picture applies that sky; the menu beside it brings its settings back."""
    point = yield from find_button(APPLY, *SIDEBAR)
    assert point, "no card to click"
    yield from click(*point)
    yield 1.0
    saw["picked"] = shown_by(bpy.context.scene.world)
    settings().prompt, settings().seed, settings().steps = "something else", 1, 3
    yield from click(*menu_beside(point))
    yield from screenshot("menu")
    xdotool("key", "u")
    yield 1.0
    saw["settings"] = [settings().prompt, settings().seed, settings().steps]
    yield from move(*viewport_point())
    yield 1.0


def menu_beside(point: tuple[int, int]) -> tuple[int, int]:
    """The arrow at the end of the row of the card's button at *point*, in the left of two columns."""
    left, _, right, _ = box(region(*SIDEBAR))
    return int((left + right) / 2 - 22 * bpy.context.preferences.system.ui_scale), point[1]


def again(saw: dict) -> Steps:
    """Generating with these settings makes the same picture; after saving and reopening too."""
    yield from click_generate(SIDEBAR)
    yield ended()
    saw["same"] = shown_by(bpy.context.scene.world)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "kept.blend"))
    world = bpy.context.scene.world.name
    yield 1.0
    bpy.ops.wm.open_mainfile(filepath=str(OUT / "kept.blend"))
    yield 2.0
    saw["worlds"] = [world, bpy.context.scene.world.name]
    yield from at_rest()
    yield from click_generate(SIDEBAR)
    yield ended()
    saw["reopened"] = shown_by(bpy.context.scene.world)
    saw["stored"] = [image.filepath for image in bpy.data.images if bpy.path.abspath(image.filepath) == saw["reopened"]]
    yield from move(*viewport_point())
    yield from screenshot("again")


def looks(saw: dict) -> Steps:
    """The sub-panels, open, as they are, at a larger scale, and in the light theme."""
    view = bpy.context.preferences.view
    with opened("adjust", "light", "history", "advanced"):
        yield 2.0
        yield from screenshot("panels")
        view.ui_scale = 1.5
        yield 5.0  # the new layout comes with an animation
        yield from screenshot("panels-large")
        view.ui_scale = 1.0
        theme = bpy.utils.preset_find("Blender_Light", "interface_theme", ext=".xml")
        bpy.ops.script.execute_preset(filepath=theme, menu_idname="USERPREF_MT_interface_theme_presets")
        yield 2.0
        yield from screenshot("panels-light")


STEPS = (preview, variations, pick, again, looks)
