"""The demo's scene under many skies, exposed for a white card, on one contact sheet: a look at what skies light like.

ENGINE_PYTHON -m engine batch skies.toml --out out/skies
BPY_PYTHON benchmarks/demo_skies.py out/skies sheet.png       # five in a row, in the order of their names
"""

import sys
from math import log2, radians
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.light.found import read_light  # noqa: E402
from scene.images import load_panorama  # noqa: E402
from scene.world import set_world, sky_node  # noqa: E402
from tools.demo_scene import SUN_AZIMUTH, add_camera, build_still_life, set_up_render  # noqa: E402

SIZE, SAMPLES, IN_A_ROW = (240, 135), 24, 5
DARKER = 0.6  # stops, so that the skies keep their shape: most are brighter than the card


def still(scene: bpy.types.Scene, sky: Path, path: Path) -> np.ndarray:
    """The scene under *sky*, [height, width, 4] as a display has it, from the bottom row up."""
    light = read_light(sky)
    assert light, f"{sky} does not say what lights it"
    inputs = sky_node(set_world(scene, load_panorama(sky), light)).inputs
    inputs["Rotation"].default_value = radians(light.azimuth - SUN_AZIMUTH)
    inputs["Exposure"].default_value = -DARKER - log2(light.white_card)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(SIZE[0] * SIZE[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(SIZE[1], SIZE[0], 4)


def main() -> None:
    folder, out = (Path(argument).absolute() for argument in sys.argv[1:3])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    build_still_life(scene)
    add_camera(scene)
    set_up_render(scene, out)
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.cycles.samples = SAMPLES
    stills = [still(scene, sky, out.with_name("still.png")) for sky in sorted(folder.glob("*.exr"))]
    out.with_name("still.png").unlink()
    stills += [np.zeros_like(stills[0])] * (-len(stills) % IN_A_ROW)
    rows = [np.concatenate(stills[first : first + IN_A_ROW], 1) for first in range(0, len(stills), IN_A_ROW)]
    sheet = np.concatenate(rows[::-1])
    image = bpy.data.images.new("sheet", sheet.shape[1], sheet.shape[0])
    image.pixels.foreach_set(sheet.ravel())
    image.filepath_raw, image.file_format = str(out), "PNG"
    image.save()


if __name__ == "__main__":
    main()
