"""The backdrop is seen, in its own collection, and leaves the light of the scene alone."""

import bpy
import numpy as np
import pytest
from conftest import extension


def apply(path, shape: str = "DOME") -> None:
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="BACKDROP", backdrop_shape=shape)


def backdrop(scene: bpy.types.Scene) -> bpy.types.Object:
    (found,) = scene.collection.children["Skyloom Backdrop"].objects
    return found


def test_is_generated_onto_a_dome(scene, quick):
    world = scene.world
    assert bpy.ops.skyloom.generate_panorama(**quick, target="BACKDROP") == {"FINISHED"}
    assert scene.world == world
    (material,) = backdrop(scene).data.materials
    kinds = {node.type for node in material.node_tree.nodes}
    assert {"TEX_ENVIRONMENT", "EMISSION"} <= kinds


def test_faces_look_inward(scene, pattern):
    for shape in ("DOME", "CYLINDER"):
        apply(pattern[0], shape)
        assert all(face.normal.dot(face.center) < 0 for face in backdrop(scene).data.polygons), shape


def test_encloses_the_scene_around_the_camera(scene, pattern):
    bpy.ops.mesh.primitive_cube_add(location=(400, 0, 0))
    bpy.context.view_layer.update()
    apply(pattern[0])
    dome = backdrop(scene)
    assert (dome.location - scene.camera.location).length < 1e-4
    assert dome.scale.x > 400


def test_second_sky_replaces_the_first_and_keeps_the_artists_placement(scene, pattern):
    apply(pattern[0])
    backdrop(scene).rotation_euler.z = 1.0
    apply(pattern[0], "CYLINDER")
    assert len(scene.collection.children) == 2, "the default collection and ours"
    assert backdrop(scene).rotation_euler.z == 1.0
    assert backdrop(scene).data.name.startswith("Skyloom Cylinder")


def test_two_scenes_have_a_backdrop_each(scene, pattern):
    apply(pattern[0])
    other = bpy.data.scenes.new("Other")
    with bpy.context.temp_override(scene=other):
        apply(pattern[0])
    assert len([thing for thing in other.objects if thing in set(scene.objects)]) == 0
    assert len(other.objects) == 1


def test_does_not_shade_or_light_the_scene(scene, pattern, tmp_path):
    """A matte floor under world and sun is rendered the same with and without the dome."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    bpy.ops.mesh.primitive_plane_add(size=50)
    bpy.context.object.data.materials.append(matte())
    bpy.ops.object.light_add(type="SUN")
    bpy.ops.object.camera_add(location=(0, 0, 5))
    scene.camera = bpy.context.object
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 1.0
    without = mean_colour(scene, tmp_path / "without.exr")
    apply(pattern[0])
    assert np.allclose(mean_colour(scene, tmp_path / "with.exr"), without, rtol=0.02)


def matte() -> bpy.types.Material:
    """Without the gloss of Blender's default material, which mirrors the backdrop, as it should."""
    material = bpy.data.materials.new("Matte")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Specular IOR Level"].default_value = 0.0
    return material


def mean_colour(scene: bpy.types.Scene, path) -> np.ndarray:
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 64, False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 32, 32, 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    return np.array(image.pixels).reshape(-1, 4)[:, :3].mean(0)


def test_world_and_backdrop_without_cycles(scene, pattern):
    """As an artist has it who uses EEVEE alone and has switched the other add-on off."""
    light = extension("engine.light.found").FoundLight(
        kind="sun", elevation=40.0, size=0.53, reach=4.0, irradiance=(3.0, 3.0, 3.0), ratio=2.0
    )
    image = extension("scene.images").load_panorama(pattern[0])
    bpy.ops.preferences.addon_disable(module="cycles")
    try:
        world = extension("scene.world").set_world(scene, image, light)
        dome = extension("scene.backdrop").set_backdrop(scene, image, "DOME", light)
        with pytest.raises(RuntimeError, match="Cycles, which looks around, is switched off"):
            bpy.ops.skyloom.render_scene_map(kind="DEPTH")
    finally:
        bpy.ops.preferences.addon_enable(module="cycles")
    assert scene.world == world and extension("scene.sun").noted_light(world)["kind"] == "sun"
    assert dome.data.materials[0].node_tree.nodes
