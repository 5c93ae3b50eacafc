"""A matte, a glossy and a mirror ball under a true sky, its clipped picture and the restored one, in Cycles.

ENGINE_PYTHON benchmarks/light.py --write out/light          # truth.exr, clipped.exr, restored.exr
BPY_PYTHON benchmarks/light_balls.py out/light balls.png     # one row each, and the RMSE against the truth
"""

import sys
from math import radians
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.light.found import read_light  # noqa: E402
from scene.images import load_panorama  # noqa: E402
from scene.world import set_world  # noqa: E402
from tools.demo_scene import material  # noqa: E402

ROWS = ("truth", "clipped", "restored")
BALLS = {"matte": (1.0, 0.0), "glossy": (0.25, 1.0), "mirror": (0.0, 1.0)}  # roughness, metallic
SIDE, SAMPLES = 96, 64


def build() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_plane_add(size=40, location=(0, 0, -1))
    bpy.context.object.data.materials.append(material("Floor", (0.5, 0.5, 0.5), roughness=1.0))
    for number, (name, (roughness, metallic)) in enumerate(BALLS.items()):
        bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, location=(2.4 * (number - 1), 0, 0))
        bpy.ops.object.shade_smooth()
        bpy.context.object.data.materials.append(material(name, (0.8, 0.8, 0.8), roughness, metallic))
    bpy.ops.object.camera_add(location=(0, -9, 1.6), rotation=(radians(80), 0, 0))
    scene.camera = bpy.context.object
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 7.2
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = SAMPLES, False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 3 * SIDE, SIDE, 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    return scene


def render(scene: bpy.types.Scene, sky: Path) -> np.ndarray:
    """The balls under *sky*, [SIDE, 3 SIDE, 3], linear, from the bottom row up."""
    set_world(scene, load_panorama(sky), read_light(sky))
    scene.render.filepath = str(sky.with_name(f"balls-{sky.name}"))
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(SIDE * SIDE * 3 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(SIDE, 3 * SIDE, 4)[..., :3]


def compare(seen: np.ndarray, true: np.ndarray) -> str:
    """RMSE over the truth's mean, and that without the worst half percent of the pixels."""
    errors = np.sort(((seen - true) ** 2).mean(-1).ravel())
    every, most = (np.sqrt(some.mean()) / true.mean() for some in (errors, errors[: -len(errors) // 200]))
    return f"{every:.2f} ({most:.2f})"


def save(rows: list[np.ndarray], path: Path) -> None:
    """All rows under each other, sRGB, exposed so that the truth's brightest twentieth is white."""
    stack = np.concatenate(rows[::-1]) / np.quantile(rows[0], 0.95)
    shown = np.where(stack < 0.0031308, 12.92 * stack, 1.055 * stack.clip(1e-9) ** (1 / 2.4) - 0.055).clip(0, 1)
    picture = bpy.data.images.new("balls", 3 * SIDE, 3 * SIDE)
    picture.pixels.foreach_set(np.dstack([shown, np.ones(shown.shape[:2])]).astype(np.float32).ravel())
    picture.filepath_raw, picture.file_format = str(path.absolute()), "PNG"
    picture.save()


def main() -> None:
    folder, out = (Path(argument).absolute() for argument in sys.argv[1:3])
    scene = build()
    rows = [render(scene, folder / f"{name}.exr") for name in ROWS]
    save(rows, out)
    print("\n| RMSE, of the truth's mean | " + " | ".join(BALLS) + " |\n|---|---|---|---|")
    for name, row in zip(ROWS[1:], rows[1:], strict=True):
        parts = [slice(number * SIDE, (number + 1) * SIDE) for number in range(3)]
        print(f"| {name} | " + " | ".join(compare(row[:, part], rows[0][:, part]) for part in parts) + " |")


if __name__ == "__main__":
    main()
