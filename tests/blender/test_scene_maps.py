"""The scene as seen from a point, all around: the horizon and the box are where geometry says."""

from math import atan, cos, degrees, radians, sin

import bpy
import numpy as np
import pytest
from conftest import extension

WIDTH = 512
EYE = 1.6  # metres above the ground


@pytest.fixture
def place(scene, preferences, tmp_path) -> bpy.types.Scene:
    """A ground without end, a box of 2 x 2 x 4 m whose front is 9 m to the east, and things that no render shows."""
    preferences.output_folder = str(tmp_path)
    for thing in [thing for thing in scene.objects if thing.type == "MESH"]:
        bpy.data.objects.remove(thing)
    bpy.ops.mesh.primitive_plane_add(size=2e5)
    bpy.ops.mesh.primitive_cube_add(size=2, location=(10, 0, 2), scale=(1, 1, 2))
    bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 10, 2))
    bpy.context.object.hide_render = True
    bpy.ops.mesh.primitive_cube_add(size=2, location=(-10, 0, 2))
    excluded = bpy.data.collections.new("excluded")
    scene.collection.children.link(excluded)
    away = bpy.context.object
    for collection in away.users_collection:
        collection.objects.unlink(away)
    excluded.objects.link(away)
    bpy.context.view_layer.layer_collection.children["excluded"].exclude = True
    scene.camera.location, scene.cursor.location = (0, 0, EYE), (0, 0, EYE)
    bpy.context.view_layer.update()
    return scene


def at(values: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    height, width = values.shape[:2]
    return values[int((elevation + 90) / 180 * height), int((azimuth + 90) / 360 * width) % width]


def test_horizon_and_box_are_where_geometry_says(place):
    before = {name: len(getattr(bpy.data, name)) for name in ("scenes", "objects", "cameras", "materials", "images")}
    seen = extension("scene.scene_maps").render_map(place, place.camera.matrix_world.translation, WIDTH)
    after = {name: len(getattr(bpy.data, name)) for name in before}
    assert after | {"images": 0} == before | {"images": 0}, "something was left in the file"
    pixel = 360 / WIDTH
    west = seen.sky[:, 0]  # where nothing stands that a render shows
    assert west.argmax() == WIDTH // 4, "the horizon is not at the height of the eye"
    for elevation in (-10, -35, -80):
        row = int((elevation + 90) / 180 * WIDTH / 2)
        down = 90 - (row + 0.5) * pixel
        assert seen.distance[row, 0] == pytest.approx(EYE / sin(radians(down)), rel=1e-3)
    box = ~seen.sky[int(95 / 180 * WIDTH / 2)]  # five degrees up
    columns = np.flatnonzero(box)
    middle = WIDTH / 2
    assert abs(columns - middle + 0.5).max() * pixel == pytest.approx(degrees(atan(1 / 9)), abs=pixel)
    top = np.flatnonzero(~seen.sky[:, WIDTH // 2]).max() + 1
    assert top * pixel - 90 == pytest.approx(degrees(atan((4 - EYE) / 9)), abs=pixel)
    lines = seen.lines
    assert lines[:, 0].sum() == 1 and lines[WIDTH // 4 - 1, 0], "the horizon is more than a line"
    assert lines[top - 1, WIDTH // 2] and lines[:, WIDTH // 2].sum() == 1, "the box ends at its top alone"
    assert at(seen.distance, 90, 0.5) == pytest.approx(9, rel=0.01)
    assert at(seen.sky, 0, 5) and at(seen.sky, 270, 5), "what is hidden is seen"


def test_normals_face_where_geometry_says(place):
    """Blue to the viewer, red to the left, green up; also in the box's side, which a window looks past."""
    bpy.ops.mesh.primitive_cube_add(size=2, location=(0, -10, 2))
    beside = bpy.context.object
    beside.rotation_euler.z = radians(-30)
    bpy.context.view_layer.update()
    seen = extension("scene.scene_maps").render_normals(place, place.camera.matrix_world.translation, WIDTH)
    grey, full = 0.5, 1.0
    assert at(seen, 90, -60) == pytest.approx([grey, full, grey], abs=2e-3), "the floor does not face up"
    assert at(seen, 270, 40) == pytest.approx([grey, grey, full], abs=2e-3), "the sky does not face the viewer"
    for azimuth in (84.5, 90, 95.5):  # its front faces west: seen aslant but from its middle
        column = (int((azimuth + 90) / 360 * WIDTH) + 0.5) / WIDTH * 360 - 90
        turned = radians(column - 90)
        expected = [grey - sin(turned) / 2, grey, grey + cos(turned) / 2]
        assert at(seen, azimuth, 2) == pytest.approx(expected, abs=2e-3)
    # Facing south, the viewer has east on the left, to where this box was turned.
    red, green, blue = at(seen, 181, 2)
    assert red > 0.7 and green == pytest.approx(grey, abs=2e-3) and blue > 0.9
    creases = extension("scene.scene_maps").render_map(place, place.cursor.location, WIDTH).creases(seen)
    foot = 90 - degrees(atan(9 / EYE))  # below the horizon, where the box's front meets the floor
    found = np.flatnonzero(creases[: WIDTH // 4, WIDTH // 2]) / WIDTH * 360 - 90
    assert found == pytest.approx([-foot], abs=0.8)
    vectors = seen * 2 - 1
    assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=0.01)


def test_maps_are_for_the_job(place, tmp_path):
    direction = place.skyloom.direction
    for kind in ("DEPTH", "LINES"):
        bpy.ops.skyloom.render_scene_map(kind=kind, width=WIDTH)
        assert direction.control_image == str(tmp_path / f"Scene-{kind.lower()}-1.png")
        picture = bpy.data.images.load(direction.control_image)
        values = extension("scene.pixels").pixels_of(picture)[..., 0]
        assert at(values, 90, -90) > 0.9 if kind == "DEPTH" else at(values, 90, 0) == 0
        assert at(values, 200, 30) == 0, "the sky is far"
        assert 0 < values.mean() < 0.6
    bpy.ops.skyloom.render_scene_map(kind="NORMALS", width=WIDTH)
    picture = bpy.data.images.load(direction.control_image)
    assert at(extension("scene.pixels").pixels_of(picture), 90, -60)[:3] == pytest.approx([0.5, 1, 0.5], abs=0.005)
    bpy.ops.skyloom.render_scene_map(kind="SKY", eye="CURSOR", width=WIDTH)
    region = direction.regions[0]
    assert region.mask == str(tmp_path / "Scene-sky-1.png") and region.prompt == place.skyloom.prompt


def test_a_place_without_a_camera_or_a_sky_is_said(place):
    place.cursor.location.z = -5
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1, location=(0, 0, -5))
    with pytest.raises(RuntimeError, match="No sky is seen"):
        bpy.ops.skyloom.render_scene_map(kind="SKY", eye="CURSOR", width=64)
    place.camera = None
    with pytest.raises(RuntimeError, match="no camera"):
        bpy.ops.skyloom.render_scene_map(kind="DEPTH", width=64)
