"""Directing a sky: the layout follows its sliders in the world, a region takes the view's direction."""

import math
import os
from collections.abc import Generator

import bpy
import numpy as np
from keeping import at_rest, quick, shown_by
from mathutils import Euler
from screen import (
    HEIGHT,
    OUT,
    Until,
    Wait,
    area,
    box,
    click,
    find_button,
    move,
    pixels,
    region,
    screenshot,
    settled,
    viewport_point,
    xdotool,
)
from story import SIDEBAR, Steps, click_button, click_generate, ended, moving, settings, status, told
from subpanels import opened, timed_call

PREVIEW, FROM_VIEW = "skyloom.preview_layout()", "skyloom.set_from_view("
EDIT, SUN = "skyloom.edit_sky(what='PAINTED')", "skyloom.edit_sky(what='SUN')"


def direction() -> bpy.types.PropertyGroup:
    return settings().direction


def look(azimuth: float, elevation: float) -> None:
    """Turn the 3D view to *azimuth* and *elevation* (degrees)."""
    view = area("VIEW_3D").spaces.active.region_3d
    view.view_perspective = "PERSP"
    view.view_rotation = Euler((math.radians(90 + elevation), 0, -math.radians(azimuth))).to_quaternion()


def regions(saw: dict) -> Steps:
    """Three parts of the sky; the last is pointed to where the 3D view looks."""
    yield from at_rest()
    look(250, 5)
    with opened("direction", "regions"):
        for azimuth, prompt in ((0, "city lights at night"), (110, "golden hour"), (0, "a storm, dark clouds")):
            bpy.ops.skyloom.add_region()
            region = direction().regions[-1]
            region.azimuth, region.prompt, region.width = azimuth, prompt, 80
        direction().regions[2].lowest, direction().show_in_view = 0, True
        yield 1.0
        yield from click_button(FROM_VIEW, SIDEBAR)
        yield 1.0
        saw["azimuth"] = direction().regions[2].azimuth
        yield from move(*viewport_point())
        yield 1.0
        yield from screenshot("regions")
    direction().show_in_view = False


def photos(saw: dict) -> Steps:
    picture = bpy.data.images.new("pier", 96, 64)
    picture.filepath_raw, picture.file_format = str(OUT / "pier.png"), "PNG"
    picture.save()
    bpy.ops.skyloom.add_photo(filepath=str(OUT / "pier.png"))
    with opened("direction", "photos"):
        direction().begin = "PICTURE"
        yield 1.5
        yield from screenshot("photos")


def layout(saw: dict) -> Steps:
    """A click shows the layout as the world; a slider that moves is followed; another click gives the world back."""
    world = bpy.context.scene.world
    area("VIEW_3D").spaces.active.shading.type = "RENDERED"
    bpy.context.scene.render.engine = "CYCLES"
    bpy.context.scene.cycles.preview_samples = 4
    look(90, 10)
    direction().begin = "LAYOUT"
    direction().layout.azimuth, direction().layout.ground = 100, "sea"
    with opened("direction"):
        yield 1.0
        button = yield from find_button(PREVIEW, *SIDEBAR)
        before = yield from pixels()
        yield from click(*button)
        yield from move(*viewport_point(0.1, 0.9))
        yield Until("the layout in the world", lambda: bpy.context.scene.world != world, 90)
        yield Until("a finer drawing of it", lambda: preview().size[0] == 1024, 60)
        yield 1.0
        yield from settled(before)
        yield from screenshot("layout")
        saw["seen before"] = yield from redness(0)
        yield from shown_after(saw, "sunset", 2)
        saw["seen"] = yield from redness(1)
        yield from screenshot("layout-sunset")
        yield from shown_after(saw, "noon", 40)  # last, because the panel is then as it was when the button was found
        yield from click(*button)  # its colour is another while it is on
        yield Until("the world to come back", lambda: bpy.context.scene.world == world, 10)
    saw["worlds"] = [world.name for world in bpy.data.worlds]


def shown_after(saw: dict, name: str, elevation: float) -> Steps:
    """Move the sun and note the red and blue of the sky that follows."""
    direction().layout.elevation = elevation
    yield Until("a quick drawing", lambda: preview().size[0] == 256, 20)
    yield Until("a finer one", lambda: preview().size[0] == 1024, 60)
    yield 1.0
    red, _, blue, _ = np.array(preview().pixels[:], np.float32).reshape(-1, 4).sum(0)
    saw[name] = float(red / blue)


def redness(least: float) -> Generator[Wait, None, float]:
    """Red by blue of what the 3D view shows, as soon as that is *least*, or after some time."""
    left, top, right, bottom = box(region("VIEW_3D", "WINDOW"))
    for _ in range(30):
        shown = yield from pixels()
        red, _, blue = shown[(top + bottom) // 2 : bottom, left : (left + right) // 2].mean((0, 1))
        if red / blue > least:
            break
        yield 2.0
    return float(red / blue)


def preview() -> bpy.types.Image:
    return bpy.data.images["Skyloom Preview"]


def painting(saw: dict) -> Steps:
    """The world's sky is painted over with the mouse, in Blender's image editor, and made anew there alone."""
    direction().begin = "NOISE"
    direction().regions.clear()
    direction().photos.clear()
    area("VIEW_3D").spaces.active.shading.type = "SOLID"
    quick()
    settings().edit_prompt = "storm clouds"
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    sky = shown_by(bpy.context.scene.world)
    with opened("edit"):
        yield 1.0
        yield from screenshot("edit")
        yield from paint("painted")
        painted = bpy.data.images[f"Edit {bpy.data.images[os.path.basename(sky)].name}"]
        saw["painted"] = strange_share(painted)
        yield from click_button(EDIT, SIDEBAR)
        yield 1.0
        yield ended()
        yield 1.0
    saw |= {"sky": sky, "edited": shown_by(bpy.context.scene.world), "after": told()}


def paint(name: str) -> Steps:
    """A click on Paint Area, a stroke in the window that opens, of which a screenshot is taken, and its end."""
    yield from click_button("skyloom.paint_edit()", SIDEBAR)
    yield 3.0
    editor = newest_window()
    lend_brush(editor)
    yield 1.0
    yield from drag(editor, (0.3, 0.6), (0.45, 0.65))
    yield from screenshot(name)
    with bpy.context.temp_override(window=editor):
        bpy.ops.wm.window_close()
    yield 1.0


def painting_large(saw: dict) -> Steps:
    """What the clicks take of the window where the sky is large; a second click finds the first at work."""
    quick()
    direction().begin, direction().strength, settings().width = "LAYOUT", 0, "2048"  # drawn, which is quick
    painter, editor = bpy.types.SKYLOOM_OT_paint_edit, bpy.types.SKYLOOM_OT_edit_sky
    saw["seconds"] = {"Paint Area": [], "Edit Painted Area": []}
    for operator, seconds in zip((painter, editor), saw["seconds"].values(), strict=True):
        operator.invoke, operator.modal = (timed_call(own, seconds) for own in (operator.invoke, operator.modal))
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    with opened("edit"):
        yield 1.0
        yield from paint("painted-large")
        yield from click_button(EDIT, SIDEBAR)
        yield from masked_and_cancelled()
        bpy.ops.skyloom.edit_sky("INVOKE_DEFAULT", what="PAINTED")
        saw["again"] = bpy.ops.skyloom.edit_sky.poll()
        yield from masked_and_cancelled()
    direction().begin = "NOISE"


def masked_and_cancelled() -> Steps:
    yield Until("the mask", lambda: status().running, 20)
    yield moving()
    bpy.ops.skyloom.cancel_generation()
    yield ended()
    yield 0.5


def lend_brush(window: bpy.types.Window) -> None:
    """A brush of the file's own: Debian's Blender comes without the library that its brushes are in."""
    paint = bpy.context.tool_settings.image_paint
    if paint.brush is None:
        brush = bpy.data.brushes.new("Soft", mode="TEXTURE_PAINT")
        brush.asset_mark()
        place = window.screen.areas[0]
        inside = next(region for region in place.regions if region.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=place, region=inside):
            bpy.ops.brush.asset_activate(asset_library_type="LOCAL", relative_asset_identifier="Brush/Soft")
    bpy.context.tool_settings.unified_paint_settings.size = 30


def strange_share(image: bpy.types.Image) -> float:
    """How much of *image* has the brush's colour, which no sky has."""
    red, green, blue, _ = np.array(image.pixels[:], np.float32).reshape(-1, 4).T
    return float(((red > 0.6) & (green < 0.4) & (blue > 0.4)).mean())


def newest_window() -> bpy.types.Window:
    return bpy.context.window_manager.windows[-1]


def drag(window: bpy.types.Window, start: tuple[float, float], end: tuple[float, float]) -> Steps:
    """A stroke from one place to another, in shares of *window* from its lower left corner."""
    places = [(window.x + across * window.width, HEIGHT - window.y - up * window.height) for across, up in (start, end)]
    for number in range(11):
        x, y = (int(a + (b - a) * number / 10) for a, b in zip(*places, strict=True))
        yield from move(x, y)
        if number == 0:
            xdotool("mousedown", 1)
    xdotool("mouseup", 1)
    yield 1.0


def removing_sun(saw: dict) -> Steps:
    """A drawn evening of the bundled model's loses its sun at a click, and undo brings it back."""
    quick()
    settings().property_unset("model")
    settings().width = "1024"
    direction().begin, direction().strength = "LAYOUT", 0
    direction().layout.azimuth, direction().layout.elevation = 100, 12
    yield from click_generate(SIDEBAR)
    yield ended()
    yield 1.0
    look(125, 12)
    saw["before"] = shown_by(bpy.context.scene.world)
    with opened("edit"):
        yield 1.0
        yield from seen_rendered("sun")
        yield from click_generate(SIDEBAR, SUN)
        yield ended()
        yield 1.0
        saw |= {"after": shown_by(bpy.context.scene.world), "told": told()}
        yield from seen_rendered("sunless")
    bpy.ops.ed.undo()
    yield 1.0
    saw["undone"] = shown_by(bpy.context.scene.world)
    direction().begin = "NOISE"


def seen_rendered(name: str) -> Steps:
    """A screenshot while the 3D view shows the world."""
    shading = area("VIEW_3D").spaces.active.shading
    before = yield from pixels()
    shading.type = "RENDERED"
    yield from settled(before)
    yield from screenshot(name)
    shading.type = "SOLID"
    yield 1.0


STEPS = (regions, photos, layout, painting, painting_large, removing_sun)
