"""A generated sun lights a scene: shadows fall away from it, its sliders and its lamp do what they say."""

from math import pi, radians, sin

import bpy
import numpy as np
import pytest
from mathutils import Vector

SUNNY, OVERCAST = "late afternoon sun over a meadow", "overcast sky over a meadow"


@pytest.fixture
def stick(scene) -> bpy.types.Scene:
    """A scene with a thin post on a white floor, seen from above: up is +Y."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    white = bpy.data.materials.new("White")
    if bpy.app.version < (5, 0, 0):
        white.use_nodes = True
    shader = next(node for node in white.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (1, 1, 1, 1)
    shader.inputs["Specular IOR Level"].default_value = 0.0
    bpy.ops.mesh.primitive_plane_add(size=20)
    bpy.context.object.data.materials.append(white)
    bpy.ops.mesh.primitive_cylinder_add(radius=0.12, depth=3, location=(0, 0, 1.5))
    bpy.ops.object.camera_add(location=(0, 0, 10))
    camera = bpy.context.object
    camera.data.type, camera.data.ortho_scale = "ORTHO", 6
    scene.camera = camera
    scene.view_settings.view_transform = "Standard"
    return scene


def floor(scene: bpy.types.Scene, path, samples: int = 48) -> np.ndarray:
    """Luminance of the floor from above, 48 x 48, first row at -Y."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = samples, False, 0
    scene.render.resolution_x = scene.render.resolution_y = 48
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(48 * 48 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(48, 48, 4)[..., :3] @ np.array([0.2126, 0.7152, 0.0722])


def around(seen: np.ndarray) -> np.ndarray:
    """Mean luminance of 24 sectors between 0.6 and 1.8 m from the post, counter-clockwise from +X."""
    y, x = (np.mgrid[0:48, 0:48] - 23.5) * 6 / 48
    ring = (np.hypot(x, y) > 0.6) & (np.hypot(x, y) < 1.8)
    sector = ((np.arctan2(y, x) / (2 * pi) * 24 + 0.5).astype(int)) % 24
    return np.array([seen[ring & (sector == number)].mean() for number in range(24)])


def generate(quick: dict, prompt: str) -> dict:
    """Set a generated sky as the world; returns what is known of its light."""
    bpy.ops.skyloom.generate_panorama(**quick | {"prompt": prompt})
    return bpy.context.scene.world["skyloom_light"].to_dict()


def inputs() -> bpy.types.bpy_prop_collection:
    return bpy.context.scene.world.node_tree.nodes["Skyloom Sky"].inputs


def level(seen: np.ndarray) -> float:
    """Luminance of the floor beside the shadow."""
    return float(np.median(around(seen)))


def shadow_angle(seen: np.ndarray) -> float:
    """Degrees counter-clockwise from +X where the shadow lies."""
    sectors = around(seen)
    weight = (np.median(sectors) - sectors).clip(min=0) ** 2
    angles = np.arange(24) / 24 * 2 * pi
    return float(np.degrees(np.arctan2((weight * np.sin(angles)).sum(), (weight * np.cos(angles)).sum())))


def apart(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


def test_the_shadow_falls_away_from_the_sun(stick, quick, tmp_path):
    light = generate(quick, SUNNY)
    seen = floor(stick, tmp_path / "seen.exr")
    assert around(seen).min() < 0.8 * np.median(around(seen))
    towards_sun = 90 - light["azimuth"]
    assert apart(shadow_angle(seen), towards_sun + 180) < 20
    inputs()["Rotation"].default_value = radians(90)
    assert apart(shadow_angle(floor(stick, tmp_path / "turned.exr")), towards_sun + 270) < 20


def test_an_overcast_sky_casts_none(stick, quick, tmp_path):
    assert generate(quick, OVERCAST)["kind"] == "none"
    sectors = around(floor(stick, tmp_path / "seen.exr"))
    assert sectors.min() > 0.85 * np.median(sectors)
    assert not bpy.ops.skyloom.add_sun_lamp.poll()


def test_sliders(stick, quick, tmp_path):
    """Strength is the sun's alone; size changes the shadow's edge and not the light."""
    light = generate(quick, SUNNY)
    levels = []
    for strength, size in ((1.0, 0.53), (0.0, 0.53), (2.0, 0.53), (1.0, 8.0)):
        inputs()["Sun Strength"].default_value, inputs()["Sun Size"].default_value = strength, radians(size)
        levels.append(level(floor(stick, tmp_path / "seen.exr")))
    natural, none, double, large = levels
    direct = np.dot(light["irradiance"], (0.2126, 0.7152, 0.0722)) * np.sin(radians(light["elevation"])) / pi
    assert natural - none == pytest.approx(direct, rel=0.1)
    assert double - natural == pytest.approx(direct, rel=0.1)
    assert large == pytest.approx(natural, rel=0.1)


def test_lamp_lights_as_the_sky_did_and_removal_puts_it_back(stick, quick, tmp_path):
    light = generate(quick, SUNNY)
    before = floor(stick, tmp_path / "before.exr")
    assert bpy.ops.skyloom.add_sun_lamp() == {"FINISHED"}
    (lamp,) = (thing for thing in stick.objects if thing.type == "LIGHT")
    bpy.context.view_layer.update()
    elevation, turn = radians(light["elevation"]), radians(90 - light["azimuth"])
    sun = Vector((np.cos(turn) * np.cos(elevation), np.sin(turn) * np.cos(elevation), np.sin(elevation)))
    assert (lamp.matrix_world.to_3x3() @ Vector((0, 0, 1)) - sun).length < 1e-3
    with_lamp = floor(stick, tmp_path / "lamp.exr")
    assert level(with_lamp) == pytest.approx(level(before), rel=0.08), "lit twice, or not at all"
    assert apart(shadow_angle(with_lamp), shadow_angle(before)) < 10
    assert not bpy.ops.skyloom.add_sun_lamp.poll()

    inputs()["Sun Strength"].default_value, inputs()["Rotation"].default_value = 0.0, radians(30)
    bpy.context.view_layer.update()
    evaluated = lamp.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert evaluated.data.energy == pytest.approx(0, abs=1e-6)
    assert (
        apart(np.degrees(np.arctan2(*(evaluated.matrix_world.to_3x3() @ Vector((0, 0, 1))).yx)), 120 - light["azimuth"])
        < 1
    )

    inputs()["Sun Strength"].default_value, inputs()["Rotation"].default_value = 1.0, 0.0
    assert bpy.ops.skyloom.remove_sun_lamp() == {"FINISHED"}
    assert not [thing for thing in stick.objects if thing.type == "LIGHT"]
    assert level(floor(stick, tmp_path / "after.exr")) == pytest.approx(level(before), rel=0.05)


def test_lamp_follows_to_the_next_sky(stick, quick):
    generate(quick, SUNNY)
    bpy.ops.skyloom.add_sun_lamp()
    light = generate(quick | {"seed": 8}, "sunset")
    (lamp,) = (thing for thing in stick.objects if thing.type == "LIGHT")
    bpy.context.view_layer.update()
    assert (lamp.matrix_world.to_3x3() @ Vector((0, 0, 1))).z == pytest.approx(
        sin(radians(light["elevation"])), abs=1e-3
    )
    assert inputs()["Sun Disc"].default_value == 0
    generate(quick, OVERCAST)
    assert not [thing for thing in stick.objects if thing.type == "LIGHT"]


def test_exposure_for_a_white_card(stick, quick, tmp_path):
    generate(quick, SUNNY)
    assert bpy.ops.skyloom.expose_white_card() == {"FINISHED"}
    assert level(floor(stick, tmp_path / "seen.exr")) == pytest.approx(1.0, rel=0.08)


def test_a_sky_from_elsewhere_has_no_sun_to_adjust(stick, pattern):
    bpy.ops.skyloom.apply_panorama(filepath=str(pattern[0]), target="WORLD")
    assert "Sun Strength" not in inputs()
    assert not bpy.ops.skyloom.add_sun_lamp.poll()
    assert not bpy.ops.skyloom.expose_white_card.poll()
