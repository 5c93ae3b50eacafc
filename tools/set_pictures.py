"""A small set, for tools/direction_sheets.py: maps of what stands around its camera, and the shot in its skies.

BPY_PYTHON tools/set_pictures.py       # into out/directing/; once before the skies are made, and once after
"""

import sys
from importlib import import_module
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "out" / "directing"
EYE = (0.0, 0.0, 1.7)
TOWERS = (
    (14, 6, 3, 9),
    (20, -3, 2.5, 12),
    (9, -6, 2, 4),
    (-12, 9, 4, 7),
    (-9, -12, 3, 10),
    (2, 17, 5, 5),
)  # x, y, width, height
SKIES = {
    "shot-noon": "noon, scattered clouds",
    "shot-sunset": "sunset, a few clouds",
    "shot-storm": "storm clouds",
    "fit": "golden hour behind the set",
}

sys.path.insert(0, str(ROOT.parent))  # the extension is a package, which imports its parts relatively


def build() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=400)
    for x, y, width, height in TOWERS:
        bpy.ops.mesh.primitive_cube_add(size=1, location=(x, y, height / 2), scale=(width, width, height))
        bpy.context.object.rotation_euler.z = 0.3 * x
    bpy.ops.object.camera_add(location=EYE, rotation=(1.68, 0, -1.57))
    scene = bpy.context.scene
    scene.camera = bpy.context.object
    scene.camera.data.lens = 22
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = 480, 270
    scene.cycles.samples = 64
    bpy.context.view_layer.update()
    return scene


def write(name: str, values: np.ndarray) -> None:
    picture = np.ones((*values.shape[:2], 4), np.float32)
    picture[..., :3] = values
    import_module(f"{ROOT.name}.scene.pixels").save_png(picture, FOLDER / f"{name}.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    scene = build()
    maps = import_module(f"{ROOT.name}.scene.scene_maps")
    eye = scene.camera.matrix_world.translation
    seen = maps.render_map(scene, eye, 1024)
    normals = maps.render_normals(scene, eye, 1024)
    lines = np.maximum(seen.lines, seen.creases(normals))
    for name, values in (("depth", seen.depth), ("lines", lines), ("sky", seen.sky)):
        write(f"set-{name}", values[..., None])
    write("set-normals", normals)
    skies = {FOLDER / f"{name}.exr": prompt for name, prompt in SKIES.items()}
    if all(map(Path.exists, skies)):
        sheet = import_module(f"{ROOT.name}.scene.contact_sheet")
        sheet.render_sheet(scene, list(skies.items()), FOLDER / "shot.png")


main()
