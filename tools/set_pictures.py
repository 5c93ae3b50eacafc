"""A small set, for tools/direction_sheets.py: maps of what stands around its camera, and the shot in its skies.

BPY_PYTHON tools/set_pictures.py       # into out/directing/; once before the skies are made, and once after
"""

import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

_resources = tempfile.TemporaryDirectory(prefix="skyloom-set-")
os.environ["BLENDER_USER_RESOURCES"] = _resources.name  # read when bpy is imported

import bpy  # noqa: E402
import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
MODULE = "bl_ext.user_default.skyloom"
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


def install() -> None:
    """The extension as an artist has it: the shot is rendered through its operators."""
    package = Path(_resources.name) / "skyloom.zip"
    tool = [sys.executable, str(ROOT / "tools" / "blender_extension.py"), "build"]
    subprocess.run([*tool, "--source-dir", ROOT, "--output-filepath", package], check=True)
    bpy.ops.extensions.package_install_files(filepath=str(package), repo="user_default", enable_on_install=False)
    bpy.ops.preferences.addon_enable(module=MODULE)


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
    import_module(f"{MODULE}.scene.pixels").save_png(picture, FOLDER / f"{name}.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    scene = build()  # from Blender's factory settings, which know no extension
    install()
    maps = import_module(f"{MODULE}.scene.scene_maps")
    eye = scene.camera.matrix_world.translation
    seen = maps.render_map(scene, eye, 1024)
    normals = maps.render_normals(scene, eye, 1024)
    lines = np.maximum(seen.lines, seen.creases(normals))
    for name, values in (("depth", seen.depth), ("lines", lines), ("sky", seen.sky)):
        write(f"set-{name}", values[..., None])
    write("set-normals", normals)
    skies = {FOLDER / f"{name}.exr": prompt for name, prompt in SKIES.items()}
    if all(map(Path.exists, skies)):
        sheet = import_module(f"{MODULE}.scene.contact_sheet")
        sheet.render_sheet(scene, list(skies.items()), FOLDER / "shot.png")
    bpy.ops.preferences.addon_disable(module=MODULE)  # Blender 4.2 crashes at exit with an extension's classes left


if __name__ == "__main__":
    main()
