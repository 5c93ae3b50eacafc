"""The sliders of the horizon: it is tipped and raised with its sun, and a ground is laid below it."""

from math import degrees, pi, radians, tan
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import extension
from rendering import add_panoramic_camera, render

SKY, GROUND = (0.5, 1.0, 2.0), (0.1, 0.2, 0.1)
WHITE, SUN, HEIGHT = (1.2, 1.4, 2.1), (3.0, 2.5, 2.0), 30.0


@pytest.fixture
def sky(scene, tmp_path):
    """A scene with a panoramic camera under a sky that is darker towards the horizon, with a sun; the node's inputs."""
    add_panoramic_camera(scene)
    pixels = np.ones((64, 128, 4), np.float32)
    pixels[:32, :, :3] = GROUND
    pixels[32:, :, :3] = np.linspace(0.5, 1, 32)[:, None, None] * np.array(SKY)
    image = bpy.data.images.new("sky", 128, 64, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(tmp_path / "sky.exr"), "OPEN_EXR"
    image.save()
    light = extension("engine.light.found").FoundLight(
        kind="sun", white_card=1.4, white=WHITE, azimuth=90, elevation=HEIGHT, size=0.53, reach=9, irradiance=SUN
    )
    image = extension("scene.images").load_panorama(tmp_path / "sky.exr")
    extension("scene.world").set_world(scene, image, light)
    scene.world.cycles.sampling_method = "NONE"
    return scene.world.node_tree.nodes["Skyloom Sky"].inputs


def seen(scene, tmp_path, sky, **settings: object) -> np.ndarray:
    for name, value in settings.items():
        sky[name.replace("_", " ")].default_value = value
    return render(scene, tmp_path / "seen.exr", samples=32, filter_width=1.0)


def elevation(row: int) -> float:
    return (row + 0.5) / 64 * 180 - 90


def test_horizon_is_raised_and_the_zenith_stays(scene, sky, tmp_path):
    sky["Sun Strength"].default_value = 0
    column = seen(scene, tmp_path, sky, Horizon_Height=radians(20))[:, 10, 2]
    ground = [elevation(row) for row in range(64) if column[row] < 0.5]
    assert max(ground) == pytest.approx(20, abs=3)
    assert column[-2] == pytest.approx(1.95, abs=0.05)


def test_tilt_tips_the_horizon(scene, sky, tmp_path):
    """About X: what is towards +Y rises, as for an object that is turned so."""
    sky["Sun Strength"].default_value = 0
    picture = seen(scene, tmp_path, sky, Tilt_X=radians(25))[..., 2]
    north, south, east = (sum(picture[:, column] < 0.5) / 64 * 180 - 90 for column in (32, 96, 64))
    assert (north, south, east) == (pytest.approx(25, abs=3), pytest.approx(-25, abs=3), pytest.approx(0, abs=3))


def brightest(picture: np.ndarray) -> tuple[float, float]:
    """Azimuth and elevation of the sun's glow."""
    row, column = np.unravel_index(picture[..., 0].argmax(), picture.shape[:2])
    return (column + 0.5) / 128 * 360 - 90, elevation(row)


@pytest.mark.parametrize(
    "settings", [{"Horizon_Height": radians(15)}, {"Tilt_Y": radians(20)}, {"Tilt_X": radians(30), "Rotation": 1.0}]
)
def test_sun_and_lamp_go_along(scene, sky, tmp_path, settings):
    """The lamp shines from where the sun is seen, and the sun's light stays what it was."""
    sky["Sun Glow"].default_value, sky["Sun Size"].default_value = 0.5, radians(4)
    picture = seen(scene, tmp_path, sky, **settings)
    azimuth, height = brightest(picture)
    bpy.ops.skyloom.add_sun_lamp()
    (lamp,) = (thing for thing in scene.objects if thing.type == "LIGHT")
    bpy.context.view_layer.update()
    x, y, z = lamp.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.to_3x3().col[2]
    assert degrees(np.arcsin(z)) == pytest.approx(height, abs=2.5)
    assert abs((degrees(np.arctan2(x, y)) - azimuth + 180) % 360 - 180) < 4
    if "Horizon_Height" in settings:
        assert height == pytest.approx(degrees(np.arctan(tan(radians(HEIGHT)) + tan(radians(15)))), abs=2.5)
    rows = np.cos(np.radians([elevation(row) for row in range(64)]))[:, None, None] * (pi / 64) ** 2
    dark = seen(scene, tmp_path, sky, Sun_Strength=0)
    assert ((picture - dark) * rows).sum((0, 1)) == pytest.approx(SUN, rel=0.12)


def test_ground_is_as_bright_as_its_colour_under_the_sky(scene, sky, tmp_path):
    """Albedo times irradiance over pi, which grows with the sun's strength."""
    for strength in (1.0, 3.0):
        picture = seen(
            scene, tmp_path, sky, Sky_Only=True, Ground_Color=(0.5, 0.3, 0.1, 1), Ground_Fade=0.0, Sun_Strength=strength
        )
        more = (strength - 1) * np.array(SUN) * np.sin(radians(HEIGHT)) / pi
        expected = np.array((0.5, 0.3, 0.1)) * (WHITE + more)
        np.testing.assert_allclose(picture[:31], np.broadcast_to(expected, (31, 128, 3)), rtol=1e-3)
        assert picture[40:, 10, 2].min() > 1


def test_horizon_fades_into_the_ground(scene, sky, tmp_path):
    column = seen(scene, tmp_path, sky, Sky_Only=True, Ground_Color=(0, 0, 0, 1), Ground_Fade=radians(40))[:, 10, 2]
    assert column[31] == pytest.approx(column[32], rel=0.15), "no step at the horizon"
    assert (np.diff(column[17:32]) > 0).all()
    assert np.abs(column[:15]).max() < 1e-3


def test_mirror(scene, sky, tmp_path):
    picture = seen(scene, tmp_path, sky, Sky_Only=True, Ground_Mirror=1.0, Sun_Strength=0.0)
    np.testing.assert_allclose(picture[:31], picture[:32:-1], atol=0.08)


def test_as_generated_without_it(scene, sky, tmp_path):
    picture = seen(scene, tmp_path, sky, Ground_Mirror=0.7, Ground_Color=(1, 0, 0, 1))
    np.testing.assert_allclose(picture[1:30], np.broadcast_to(GROUND, (29, 128, 3)), atol=1e-3)


def test_a_backdrop_has_it_in_its_file(scene, quick):
    scene.skyloom.sky_only = True
    bpy.ops.skyloom.generate_panorama(**quick, target="BACKDROP")
    job = extension("scene.history").job_of(Path(bpy.context.window_manager.skyloom.result))
    assert job["sky_only"] == {"colour": [0.2, 0.2, 0.2], "fade": 5.0, "mirror": 0.0}
