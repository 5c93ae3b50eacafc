"""A generated sun lights a scene: shadows fall away from it, its sliders and its lamp do what they say."""

from math import pi, radians, sin

import bpy
import numpy as np
import pytest
from mathutils import Vector
from shadows import apart, around, build_stick, hardness, level, render_floor, shadow_angle

SUNNY, OVERCAST = "late afternoon sun over a meadow", "overcast sky over a meadow"


@pytest.fixture
def stick(scene) -> bpy.types.Scene:
    build_stick(scene)
    return scene


def floor(scene: bpy.types.Scene, path, samples: int = 48) -> np.ndarray:
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = samples, False, 0
    return render_floor(scene, path)


def generate(quick: dict, prompt: str) -> dict:
    """Set a generated sky as the world; returns what is known of its light."""
    bpy.ops.skyloom.generate_panorama(**quick | {"prompt": prompt})
    return bpy.context.scene.world["skyloom_light"].to_dict()


def inputs() -> bpy.types.bpy_prop_collection:
    return bpy.context.scene.world.node_tree.nodes["Skyloom Sky"].inputs


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
    levels, hard = [], []
    for strength, size in ((1.0, 0.53), (0.0, 0.53), (2.0, 0.53), (1.0, 20.0)):
        inputs()["Sun Strength"].default_value, inputs()["Sun Size"].default_value = strength, radians(size)
        seen = floor(stick, tmp_path / "seen.exr")
        levels.append(level(seen))
        hard.append(hardness(seen))
    natural, none, double, large = levels
    direct = np.dot(light["irradiance"], (0.2126, 0.7152, 0.0722)) * np.sin(radians(light["elevation"])) / pi
    assert natural - none == pytest.approx(direct, rel=0.1)
    assert double - natural == pytest.approx(direct, rel=0.1)
    assert large == pytest.approx(natural, rel=0.1)
    assert hard[3] < 0.75 * hard[0], "a sun 40 times as wide casts a shadow as hard"


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
    strongest = max(light["irradiance"])
    assert list(lamp.data.color) == pytest.approx([channel / strongest for channel in light["irradiance"]], rel=1e-3)

    inputs()["Sun Size"].default_value, inputs()["Exposure"].default_value = radians(3), 1.0
    bpy.context.view_layer.update()
    evaluated = lamp.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert evaluated.data.angle == pytest.approx(radians(3)) and evaluated.data.energy == pytest.approx(2 * strongest)
    inputs()["Sun Size"].default_value, inputs()["Exposure"].default_value = radians(0.53), 0.0

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
