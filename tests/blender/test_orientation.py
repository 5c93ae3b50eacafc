"""World, dome and cylinder show each pixel of the panorama in the direction where it belongs."""

import bpy
import pytest
from rendering import add_panoramic_camera, render, share_equal


@pytest.fixture(autouse=True)
def panoramic_camera(scene) -> None:
    add_panoramic_camera(scene)


def test_world_shows_the_panorama_exactly(scene, pattern, tmp_path):
    path, expected = pattern
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="WORLD")
    assert share_equal(render(scene, tmp_path / "seen.exr"), expected) > 0.99


def test_dome_shows_what_the_world_would(scene, pattern, tmp_path):
    path, expected = pattern
    scene.world = None
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="BACKDROP", backdrop_shape="DOME")
    assert share_equal(render(scene, tmp_path / "seen.exr"), expected) > 0.99


def test_cylinder_shows_the_part_near_the_horizon(scene, pattern, tmp_path):
    path, expected = pattern
    scene.world = None
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="BACKDROP", backdrop_shape="CYLINDER")
    seen = render(scene, tmp_path / "seen.exr")
    assert share_equal(seen[17:47], expected[17:47]) > 0.99
    assert not seen[:15].any() and not seen[49:].any(), "the cylinder has no lid"
