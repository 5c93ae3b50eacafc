"""The second half of `make demo`, in a Python that has bpy: a small scene lit by a panorama, saved and rendered.

    BPY_PYTHON tools/demo_scene.py sky.exr out/demo        # writes sky.blend and still.png

The sky is set by the extension's own code for the world, which is then turned so that its sun stands where it flatters.
"""

import sys
from math import radians
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from engine.light.found import FoundLight, read_light
from scene.images import load_panorama
from scene.world import set_world, sky_node

STILL = (960, 540)
SAMPLES = 32
SUN_AZIMUTH = -23.0  # degrees clockwise from +Y, where the camera looks: left in its view


def main() -> None:
    sky, folder = (Path(argument).absolute() for argument in sys.argv[1:3])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0  # no sky.blend1
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "sky.blend"))  # first, so that the picture's path is relative
    scene = bpy.context.scene
    light = read_light(sky)
    assert light, f"{sky} does not say what lights it"
    turn_sun(set_world(scene, load_panorama(sky), light), light)
    build_still_life(scene)
    add_camera(scene)
    set_up_render(scene, folder / "still.png")
    bpy.ops.wm.save_mainfile()
    bpy.ops.render.render(write_still=True)


def turn_sun(world: bpy.types.World, light: FoundLight) -> None:
    """Rotate the sky about the vertical until its sun is at SUN_AZIMUTH."""
    sky = sky_node(world)
    assert sky
    for node in sky.node_tree.nodes:
        if node.type == "TEX_ENVIRONMENT":
            node.interpolation = "Cubic"  # the bundled model's sky is small, and here it fills the frame
    sky.inputs["Rotation"].default_value = radians(light.azimuth - SUN_AZIMUTH)
    print(f"The sun was at {light.azimuth:.0f} degrees")


def build_still_life(scene: bpy.types.Scene) -> None:
    """A round stone terrace with four forms of different material on it."""
    bpy.ops.mesh.primitive_cylinder_add(vertices=128, radius=3.8, depth=0.3, location=(0.2, 1.0, -0.15))
    finish(material("Stone", (0.42, 0.39, 0.35), roughness=0.75), bevel=0.04)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=0.85, location=(-1.75, 0.9, 0.85))
    finish(material("Polished Metal", (0.93, 0.9, 0.86), metallic=1.0, roughness=0.03))
    bpy.ops.mesh.primitive_monkey_add(size=1.9, location=(0.25, 2.1, 0.78))
    bpy.context.object.rotation_euler = (radians(-32), 0, radians(-14))
    finish(material("Clay", (0.62, 0.27, 0.16), roughness=0.85), subdivisions=3)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=0.55, location=(1.15, -0.15, 0.55))
    finish(material("Glass", (1, 1, 1), roughness=0.0, transmission=1.0))
    bpy.ops.mesh.primitive_torus_add(
        major_segments=96, minor_segments=32, major_radius=0.6, minor_radius=0.22, location=(2.3, 1.5, 0.22)
    )
    finish(material("Glaze", (0.03, 0.16, 0.2), roughness=0.12))
    bpy.ops.mesh.primitive_cube_add(size=0.7, location=(-0.55, -0.25, 0.35), rotation=(0, 0, radians(24)))
    finish(material("Plaster", (0.8, 0.78, 0.74), roughness=0.9), bevel=0.05)


def finish(shading: bpy.types.Material, bevel: float = 0.0, subdivisions: int = 0) -> None:
    """Give the object that was just made its material and smooth its surface."""
    thing = bpy.context.object
    thing.data.materials.append(shading)
    if bevel:
        modifier = thing.modifiers.new("Bevel", "BEVEL")
        modifier.width, modifier.segments = bevel, 3
    else:
        bpy.ops.object.shade_smooth()
    if subdivisions:
        modifier = thing.modifiers.new("Subdivision", "SUBSURF")
        modifier.levels = modifier.render_levels = subdivisions


def material(
    name: str, colour: tuple[float, float, float], roughness: float, metallic: float = 0.0, transmission: float = 0.0
) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):  # from 5.0 on a material always has nodes
        made.use_nodes = True
    inputs = next(node for node in made.node_tree.nodes if node.type == "BSDF_PRINCIPLED").inputs
    inputs["Base Color"].default_value = (*colour, 1.0)
    inputs["Roughness"].default_value = roughness
    inputs["Metallic"].default_value = metallic
    inputs["Transmission Weight"].default_value = transmission
    return made


def add_camera(scene: bpy.types.Scene) -> None:
    lens = bpy.data.cameras.new("Camera")
    lens.lens = 26
    camera = bpy.data.objects.new("Camera", lens)
    camera.location = (0.35, -5.2, 1.7)
    camera.rotation_euler = (Vector((0.2, 1.0, 1.5)) - camera.location).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(camera)
    scene.camera = camera


def set_up_render(scene: bpy.types.Scene, still: Path) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.cycles.adaptive_threshold = 0.05
    scene.cycles.use_denoising = True
    scene.cycles.sample_clamp_indirect = 10.0  # the sun through the glass would leave bright specks
    scene.render.resolution_x, scene.render.resolution_y = STILL
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.view_settings.exposure = -0.4  # so that the clouds near the sun keep their shape
    scene.render.filepath = bpy.path.relpath(str(still))


if __name__ == "__main__":
    main()
