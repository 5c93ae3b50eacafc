"""World, dome and cylinder show each pixel of the panorama in the direction where it belongs."""

from math import radians

import bpy
import numpy as np
import pytest


@pytest.fixture
def panoramic_camera(scene) -> bpy.types.Object:
    """A camera that sees all around, turned so that its picture is the world's texture, pixel for pixel."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    lens = bpy.data.cameras.new("All around")
    lens.type = "PANO"
    (lens if hasattr(lens, "panorama_type") else lens.cycles).panorama_type = "EQUIRECTANGULAR"
    camera = bpy.data.objects.new("All around", lens)
    camera.location = (3, -2, 1.7)
    camera.rotation_euler = (radians(90), 0, radians(-90))
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.context.view_layer.update()
    return camera


def render(scene: bpy.types.Scene, path) -> np.ndarray:
    """What the camera sees, 128 x 64, linear, from the bottom row up: one ray through each pixel's centre."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 128, 64, 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(128 * 64 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(64, 128, 4)[..., :3]


def share_equal(seen: np.ndarray, expected: np.ndarray) -> float:
    return float((np.abs(seen - expected).max(-1) < 0.02).mean())


def test_world_shows_the_panorama_exactly(scene, panoramic_camera, pattern, tmp_path):
    path, expected = pattern
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="WORLD")
    assert share_equal(render(scene, tmp_path / "seen.exr"), expected) > 0.99


def test_dome_shows_what_the_world_would(scene, panoramic_camera, pattern, tmp_path):
    path, expected = pattern
    scene.world = None
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="BACKDROP", backdrop_shape="DOME")
    assert share_equal(render(scene, tmp_path / "seen.exr"), expected) > 0.99


def test_cylinder_shows_the_part_near_the_horizon(scene, panoramic_camera, pattern, tmp_path):
    path, expected = pattern
    scene.world = None
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="BACKDROP", backdrop_shape="CYLINDER")
    seen = render(scene, tmp_path / "seen.exr")
    assert share_equal(seen[17:47], expected[17:47]) > 0.99
    assert not seen[:15].any() and not seen[49:].any(), "the cylinder has no lid"
