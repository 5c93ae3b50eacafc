"""The sun that is seen: a round disc of the right size with a glow, as bright as the pixels that it stands for."""

from math import degrees, hypot, pi, radians, tan
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import extension
from rendering import add_panoramic_camera, render
from shadows import build_stick, render_floor

PLACE = (150.0, 30.0)  # azimuth and elevation
IRRADIANCE = (6.0, 5.0, 4.0)
VIEW = 16.0  # degrees
SIZE = 0.53


def towards(azimuth: float, elevation: float) -> np.ndarray:
    return np.array(extension("scene.sun").sun_direction(azimuth, elevation))


def picture(path: Path, sun: np.ndarray | None, width: int = 256) -> bpy.types.Image:
    """A panorama of even sky with *sun* ([height, width, 3], from the bottom row up) in it."""
    pixels = np.ones((width // 2, width, 4), np.float32)
    pixels[..., :3] = np.array([0.3, 0.4, 0.6])
    if sun is not None:
        pixels[..., :3] += sun
    image = bpy.data.images.new("sun", width, width // 2, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(path), "OPEN_EXR"
    image.save()
    bpy.data.images.remove(image)
    return extension("scene.images").load_panorama(path)


def blob(place: tuple[float, float], radius: float, width: int = 256) -> np.ndarray:
    """A sun of IRRADIANCE, *radius* degrees wide and blurred, in the pixels of a panorama."""
    rows, columns = np.mgrid[0 : width // 2, 0:width] + 0.5
    rise, turn = pi * rows / (width // 2) - pi / 2, 2 * pi * columns / width
    vectors = np.stack([-np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)], -1)
    angle = np.degrees(np.arccos((vectors @ towards(*place)).clip(-1, 1)))
    shape = np.exp(-((angle / radius) ** 2))
    energy = (shape * np.cos(rise)).sum() * (2 * pi / width) ** 2
    return shape[..., None] / energy * np.array(IRRADIANCE)


def set_sky(scene: bpy.types.Scene, image: bpy.types.Image, place: tuple[float, float], in_picture: bool) -> None:
    light = extension("engine.light.found").FoundLight(
        kind="sun",
        white_card=1.0,
        azimuth=place[0],
        elevation=place[1],
        clipped=not in_picture,
        seen=True,
        size=SIZE,
        reach=(2.5 if in_picture else SIZE / 2) + 3.54 * 180 / image.size[1],
        glow=0.02,
        irradiance=IRRADIANCE,
    )
    extension("scene.world").set_world(scene, image, light)


def look(scene: bpy.types.Scene, path: Path, place: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a camera that looks at *place* sees, radiance, degrees from *place*, pixels' solid angles."""
    scene.world.cycles.sampling_method = "NONE"  # the camera needs no map of the lights
    camera = scene.camera
    camera.data.type, camera.data.angle, camera.data.sensor_fit = "PERSP", radians(2 * VIEW), "HORIZONTAL"
    camera.rotation_euler = extension("scene.sun").sun_direction(*place).to_track_quat("-Z", "Y").to_euler()
    seen = render(scene, path, samples=32, filter_width=1.0)
    y, x = (np.mgrid[0:64, 0:128] - np.array([31.5, 63.5])[:, None, None]) * tan(radians(VIEW)) / 64
    distance = np.degrees(np.arctan(np.hypot(x, y)))
    return seen, distance, (tan(radians(VIEW)) / 64) ** 2 * (1 + x**2 + y**2) ** -1.5


@pytest.fixture
def camera(scene) -> bpy.types.Scene:
    add_panoramic_camera(scene)
    return scene


@pytest.mark.parametrize("place", [PLACE, (270.0, 30.0), (100.0, 90.0)], ids=["anywhere", "seam", "zenith"])
def test_is_round_with_a_glow_and_as_bright_as_the_pixels(camera, tmp_path, place):
    """The pixels are 1.4 degrees wide, the sun 0.53; none of them is left."""
    set_sky(camera, picture(tmp_path / "sky.exr", blob(place, 0.8)), place, in_picture=False)
    seen, distance, area = look(camera, tmp_path / "seen.exr", place)
    light = seen - np.array([0.3, 0.4, 0.6])
    assert (light * area[..., None]).sum((0, 1)) == pytest.approx(IRRADIANCE, rel=0.06)
    y, x = np.nonzero(light[..., 0] > 1000)
    assert np.ptp(y) == pytest.approx(np.ptp(x), abs=1) and len(x) == pytest.approx(
        pi / 4 * (np.ptp(x) + 1) ** 2, rel=0.3
    )
    assert degrees((light[y, x, 0] > 0).sum() ** 0.5 * radians(2 * VIEW) / 128) < 1
    sector = np.floor(np.arctan2(*np.mgrid[-31.5:32, -63.5:64]) / (pi / 4) + 4)
    rings = [light[(distance > near) & (distance < near + 0.5), 0] for near in (1, 2, 3, 4.5)]
    means = [ring.mean() for ring in rings]
    assert means == sorted(means, reverse=True) and means[0] > 2 * means[1] > 0
    sectors = [light[(distance > 1) & (distance < 3) & (sector == number), 0].mean() for number in range(8)]
    assert max(sectors) < 1.2 * min(sectors), "the glow has corners"
    assert np.abs(light[distance > 7]).max() < 0.02


def test_a_blurred_sun_of_the_picture_does_not_shine_twice(camera, tmp_path):
    """The same amount of light comes from the sky whether the picture or the nodes show its sun."""
    set_sky(camera, picture(tmp_path / "sky.exr", blob(PLACE, 1.2, 1024), 1024), PLACE, in_picture=True)
    seen, _, area = look(camera, tmp_path / "seen.exr", PLACE)
    light = seen - np.array([0.3, 0.4, 0.6])
    assert (light * area[..., None]).sum((0, 1)) == pytest.approx(IRRADIANCE, rel=0.06)


def test_a_horizon_behind_the_sun_stays_straight(camera, tmp_path):
    """A black ground under a low sun: what is painted over the sun's pixels has its edge where the picture has it."""
    place = (150.0, 2.0)
    image = picture(tmp_path / "sky.exr", None)
    pixels = np.empty(256 * 128 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(128, 256, 4)
    pixels[:64, :, :3] = 0
    image.pixels.foreach_set(pixels.ravel())
    set_sky(camera, image, place, in_picture=False)
    camera.world.node_tree.nodes["Skyloom Sky"].inputs["Sun Strength"].default_value = 0
    seen, _, _ = look(camera, tmp_path / "seen.exr", (150.0, 0.0))
    assert np.ptp(seen[:, :, 1], axis=1).max() < 0.02


def test_glow_is_a_share_of_the_light(camera, tmp_path):
    """More glow, less disc, the same light."""
    set_sky(camera, picture(tmp_path / "sky.exr", None), PLACE, in_picture=False)
    sun_glow = camera.world.node_tree.nodes["Skyloom Sky"].inputs["Sun Glow"]
    sums = []
    for share in (0.0, 0.3):
        sun_glow.default_value = share
        seen, distance, area = look(camera, tmp_path / "seen.exr", PLACE)
        light = (seen[..., 1] - 0.4) * area
        assert light[distance > 0.6].sum() / IRRADIANCE[1] == pytest.approx(share * 0.68, abs=0.02)
        sums.append(light.sum())
    assert sums == pytest.approx([IRRADIANCE[1]] * 2, rel=0.06)


def test_a_backdrop_shows_the_same_sun(camera, tmp_path):
    set_sky(camera, image := picture(tmp_path / "sky.exr", blob(PLACE, 0.8)), PLACE, in_picture=False)
    world, _, _ = look(camera, tmp_path / "world.exr", PLACE)
    light = extension("engine.light.found").FoundLight.from_dict(camera.world["skyloom_light"].to_dict())
    extension("scene.backdrop").set_backdrop(camera, image, "DOME", light)
    backdrop, _, _ = look(camera, tmp_path / "backdrop.exr", PLACE)
    assert hypot(*(np.abs(world - backdrop).mean((0, 1)) / world.mean((0, 1)))) < 0.05


def test_lights_a_floor_without_white_dots(scene, tmp_path):
    """Rays that meet the disc where Cycles' map expects little of it are white. Few samples, no denoising."""
    build_stick(scene)
    bpy.data.objects.remove(bpy.data.objects["Cylinder"])
    set_sky(scene, picture(tmp_path / "sky.exr", None), PLACE, in_picture=False)
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = 32, False, 0
    seen = render_floor(scene, tmp_path / "seen.exr")
    light = np.array(IRRADIANCE) * np.sin(radians(PLACE[1])) + pi * np.array([0.3, 0.4, 0.6])
    assert seen.mean() == pytest.approx(light @ (0.2126, 0.7152, 0.0722) / pi, rel=0.03)
    assert seen.max() < 2.5 * np.median(seen), "white dots"
