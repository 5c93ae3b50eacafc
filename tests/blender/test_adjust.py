"""The sliders of the sky's node: what they do to light and background, and that they stay where the world goes."""

from math import pi, radians

import bpy
import numpy as np
import pytest
from rendering import add_panoramic_camera, render, share_equal


@pytest.fixture
def sky(scene, pattern):
    """The inputs of a new sky's node, in a scene with nothing but a panoramic camera."""
    add_panoramic_camera(scene)
    bpy.ops.skyloom.apply_panorama(filepath=str(pattern[0]), target="WORLD")
    return inputs_of(scene.world)


def inputs_of(world: bpy.types.World) -> bpy.types.bpy_prop_collection:
    return world.node_tree.nodes["Skyloom Sky"].inputs


def adjust(inputs, **values: float) -> None:
    for name, value in values.items():
        inputs[name.replace("_", " ")].default_value = value


def turned(pixels: np.ndarray, degrees: float) -> np.ndarray:
    """*pixels* as seen when the sky is turned counter-clockwise: to the left in a panorama."""
    return np.roll(pixels, -round(degrees / 360 * pixels.shape[1]), axis=1)


def test_rotation(scene, sky, pattern, tmp_path):
    adjust(sky, Rotation=radians(90))
    assert share_equal(render(scene, tmp_path / "seen.exr"), turned(pattern[1], 90)) > 0.98


def test_background_turns_beyond_the_light(scene, sky, pattern, tmp_path):
    adjust(sky, Rotation=radians(90), Background_Rotation=radians(45))
    assert share_equal(render(scene, tmp_path / "seen.exr"), turned(pattern[1], 135)) > 0.98


def test_strength_and_exposure_multiply(scene, sky, pattern, tmp_path):
    adjust(sky, Strength=0.5, Exposure=2, Background_Strength=0.25)
    assert share_equal(render(scene, tmp_path / "seen.exr"), pattern[1] * 0.5) > 0.99


def test_temperature_tints(scene, sky, tmp_path):
    neutral = render(scene, tmp_path / "neutral.exr").mean((0, 1))
    adjust(sky, Temperature=3000)
    warm = render(scene, tmp_path / "warm.exr").mean((0, 1)) / neutral
    adjust(sky, Temperature=10000)
    cool = render(scene, tmp_path / "cool.exr").mean((0, 1)) / neutral
    assert warm[0] > 1.2 and warm[2] < 0.5
    assert cool[0] < 0.9 and cool[2] > 1.05


def steepest_edge(picture: np.ndarray) -> float:
    """Of the squares just above the horizon, between neighbouring columns; the noise of single pixels is averaged."""
    return float(np.abs(np.diff(picture[33:46, :, 2].mean(0))).max())


def test_blur_softens_and_keeps_the_brightness(scene, sky, tmp_path):
    sharp = render(scene, tmp_path / "sharp.exr")
    adjust(sky, Background_Blur=0.5)
    # As in any render: the samples of a pixel look in directions of their own.
    soft = render(scene, tmp_path / "soft.exr", samples=64, filter_width=1.5)
    assert abs(soft.mean() / sharp.mean() - 1) < 0.05
    assert steepest_edge(sharp) > 2.9, "the pattern's squares"
    assert steepest_edge(soft) < 1.0


def test_background_leaves_the_light_alone(scene, sky, tmp_path):
    """A matte floor fills the view of a camera above it: what that camera sees is light and no background."""
    bpy.ops.mesh.primitive_plane_add(size=50)
    scene.camera.data.type = "PERSP"
    scene.camera.rotation_euler = (0, 0, 0)

    def lit() -> np.ndarray:
        return render(scene, tmp_path / "floor.exr", samples=64).mean((0, 1))

    before = lit()
    assert before.min() > 0.1
    adjust(sky, Background_Rotation=radians(180), Background_Strength=0, Background_Blur=1)
    assert np.allclose(lit(), before, rtol=0.03)
    adjust(sky, Exposure=1)
    assert np.allclose(lit(), 2 * before, rtol=0.03)


def test_each_world_has_its_own(scene, sky, pattern):
    other = bpy.data.scenes.new("Other")
    with bpy.context.temp_override(scene=other):
        bpy.ops.skyloom.apply_panorama(filepath=str(pattern[0]), target="WORLD")
    adjust(inputs_of(other.world), Strength=3)
    copy = scene.world.copy()
    adjust(inputs_of(copy), Strength=5)
    assert [inputs_of(world)["Strength"].default_value for world in (scene.world, other.world, copy)] == [1, 3, 5]


def test_survives_saving_and_appending(scene, sky, tmp_path):
    adjust(sky, Rotation=1.25, Background_Blur=0.5)
    name, file = scene.world.name, str(tmp_path / "shot.blend")

    def kept() -> list[float]:
        inputs = inputs_of(bpy.context.scene.world)
        return [inputs[name].default_value for name in ("Rotation", "Background Blur")]

    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.open_mainfile(filepath=file)
    assert kept() == [1.25, 0.5]
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    with bpy.data.libraries.load(file) as (_there, here):
        here.worlds = [name]
    bpy.context.scene.world = here.worlds[0]
    assert kept() == [1.25, 0.5]
    assert bpy.types.SKYLOOM_PT_world_adjust.poll(bpy.context), "the sub-panel does not know the appended sky"


def test_can_be_animated(scene, sky):
    sky["Rotation"].default_value = 0
    sky["Rotation"].keyframe_insert("default_value", frame=1)
    sky["Rotation"].default_value = pi
    sky["Rotation"].keyframe_insert("default_value", frame=11)
    scene.frame_set(6)
    assert inputs_of(scene.world)["Rotation"].default_value == pytest.approx(pi / 2, abs=1e-4)
