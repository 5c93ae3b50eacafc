"""Looking and keeping: the preview moves, four variations and one picked, its settings used again, save and reopen."""

import sys
from dataclasses import replace
from pathlib import Path

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
from subpanels import SIDEBAR as PREFIX
from subpanels import opened, timed, timed_call

APPLY = "skyloom.apply_panorama("
OTHER = "copy_global_transform"  # an add-on by one of Blender's own developers, which comes with Blender
MANY = 500  # skies in a folder, as many as the history looks back


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


def preview(saw: dict) -> Steps:
    """While it runs, the picture changes in the panel and in the world, which is given back after Esc."""
    saw["seconds"] = {"timer and events": [], "drawing the panel": []}
    operator = bpy.types.SKYLOOM_OT_generate_panorama
    operator.modal = timed_call(operator.modal, saw["seconds"]["timer and events"])
    main = sys.modules["bl_ext.user_default.skyloom.panels.main"]
    main.draw_main = timed(main.draw_main, saw["seconds"]["drawing the panel"])
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


def styles(saw: dict) -> Steps:
    """The styles' pictures, in the panel that the button beside the field opens."""
    shown, thumbnails = (sys.modules[f"bl_ext.user_default.skyloom.{name}"] for name in ("styles", "panels.thumbnails"))
    saw["icons"] = {key: thumbnails.thumbnail(style.picture) for key, style in shown.STYLES.items()}
    yield from move(*viewport_point())
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area("VIEW_3D")):
        bpy.ops.wm.call_panel("INVOKE_DEFAULT", name="SKYLOOM_PT_styles", keep_open=True)
    yield 2.0
    yield from screenshot("styles")
    xdotool("key", "Escape")
    yield 1.0


def lost(saw: dict) -> Steps:
    """The pictures that the history has of a packed sky while its files go, one after the other."""
    path = Path(shown_by(bpy.context.scene.world))
    bpy.data.images[path.name].pack()
    history, cards = (sys.modules[f"bl_ext.user_default.skyloom.{name}"] for name in ("scene.history", "panels.cards"))

    def icon(version: int) -> int:
        """Another version of a file is not the picture of it that Blender keeps."""
        sky = next(sky for sky in history.known_skies(SKIES) if sky.path == path)
        return cards.icon_of(replace(sky, made=version))

    saw["icons"] = [icon(1)]
    for version, file in ((2, path.with_suffix(".png")), (3, path)):
        file.rename(file.with_name(f"{file.name}.away"))
        saw["icons"].append(icon(version))
    with opened("history"):
        yield 2.0
        yield from screenshot("lost")
    for file in (path, path.with_suffix(".png")):
        file.with_name(f"{file.name}.away").rename(file)


def looks(saw: dict) -> Steps:
    """The sub-panels, open, as they are, at a larger scale, and in the light theme; beside panels of Blender's own."""
    view = bpy.context.preferences.view
    area("PROPERTIES").spaces.active.context = "WORLD"
    bpy.ops.preferences.addon_enable(module=OTHER)
    with opened("adjust", "background", "light", "history"):
        yield 2.0
        yield from screenshot("panels")
        yield from beside(saw, "dark")
        view.ui_scale = 1.5
        yield 5.0  # the new layout comes with an animation
        yield from screenshot("panels-large")
        view.ui_scale = 1.0
        theme = bpy.utils.preset_find("Blender_Light", "interface_theme", ext=".xml")
        bpy.ops.script.execute_preset(filepath=theme, menu_idname="USERPREF_MT_interface_theme_presets")
        yield 2.0
        yield from screenshot("panels-light")
        yield from beside(saw, "light")
    bpy.ops.preferences.addon_disable(module=OTHER)


def beside(saw: dict, name: str) -> Steps:
    """The panel, Blender's own Sky Texture and one of the add-ons that come with Blender, each in its picture."""
    scene, world = bpy.context.scene, bpy.context.scene.world
    boxes = saw.setdefault("boxes", {})
    yield from move(*viewport_point())
    boxes["ours"] = box(region(*SIDEBAR))
    yield from screenshot(f"ours-{name}")
    scene.world = plain = bpy.data.worlds.new("Blender's")
    plain.use_nodes = True
    sky = plain.node_tree.nodes.new("ShaderNodeTexSky")
    colour = plain.node_tree.nodes["Background"].inputs["Color"]
    plain.node_tree.links.new(sky.outputs[0], colour)
    colour.show_expanded = True  # its settings below it
    region(*SIDEBAR).active_panel_category = "Animation"  # where OTHER is
    area("VIEW_3D").tag_redraw()
    yield 2.0
    boxes["world"] = box(region("PROPERTIES", "WINDOW"))
    yield from screenshot(f"others-{name}")
    scene.world = world
    bpy.data.worlds.remove(plain)
    region(*SIDEBAR).active_panel_category = "Skyloom"
    yield 1.0


def each(saw: dict) -> Steps:
    """Every sub-panel, open with all that is in it, and the tab *View* of Blender's own in the same place."""
    direction, model = settings().direction, settings().model
    direction.begin, settings().model = "LAYOUT", ""  # the bundled one
    bpy.ops.skyloom.add_region()
    yield from move(*viewport_point())
    parents, saw["names"] = parents_of_panels(), []
    for name in (name for name, parent in parents.items() if parent not in parents):
        with opened(name, *(one for one, parent in parents.items() if parent == name)):
            yield 1.5
            yield from screenshot(f"each-{name}")
        saw["names"].append(name)
    direction.begin, settings().model = "NOISE", model
    direction.regions.clear()
    region(*SIDEBAR).active_panel_category = "View"
    area("VIEW_3D").tag_redraw()
    yield 1.5
    saw["box"] = box(region(*SIDEBAR))
    yield from screenshot("each-of-blender")
    region(*SIDEBAR).active_panel_category = "Skyloom"


def parents_of_panels() -> dict[str, str]:
    """Of the sidebar's sub-panels, by name."""
    panels = sys.modules["bl_ext.user_default.skyloom.panels"].classes
    some = [panel for panel in panels if panel.__name__.startswith(PREFIX)]
    return {panel.__name__.removeprefix(PREFIX): panel.bl_parent_id.removeprefix(PREFIX) for panel in some}


def drawing(saw: dict) -> Steps:
    """Every sub-panel is drawn, open, in a file with a history of many skies."""
    saw["seconds"] = {}
    sky = Path(shown_by(bpy.context.scene.world))
    for number in range(MANY):
        sky.with_stem(f"many-{number}").symlink_to(sky)
    direction = settings().direction
    direction.begin = "LAYOUT"
    for _ in range(3):
        bpy.ops.skyloom.add_region()
    with opened(*parents_of_panels(), seconds=saw["seconds"]):
        for _ in range(10):
            region(*SIDEBAR).tag_redraw()
            yield 0.3
        yield from screenshot("all-open")
    direction.begin = "NOISE"
    direction.regions.clear()


STEPS = (preview, variations, pick, again, styles, lost, looks, each, drawing)
