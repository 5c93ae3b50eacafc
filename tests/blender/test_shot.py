"""Several skies for one shot: a list of prompts, each sky framed by the scene's camera, on one sheet."""

import bpy
import numpy as np
import pytest
from conftest import extension


@pytest.fixture
def shot(scene, quick, preferences, tmp_path) -> bpy.types.Scene:
    preferences.output_folder = str(tmp_path)
    for name in ("model", "steps", "coherence"):
        setattr(scene.skyloom, name, quick[name])
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x, scene.render.resolution_y = 960, 540
    return scene


def test_a_sheet_of_the_shot_in_each_sky(shot, tmp_path):
    world, render = shot.world, {name: getattr(shot.render, name) for name in ("use_stamp", "resolution_percentage")}
    prompts = "a storm\nnoon\n\na clear night"
    assert bpy.ops.skyloom.generate_panorama(prompts=prompts, width=128, sheet=True) == {"FINISHED"}
    status = bpy.context.window_manager.skyloom
    jobs = [extension("history").sky_at(path).job for path in map(extension("folders").absolute, status.results)]
    assert [job["prompt"] for job in jobs] == ["a storm", "noon", "a clear night"]
    assert shot.world == world and render == {name: getattr(shot.render, name) for name in render}
    sheet = bpy.data.images.load(str(tmp_path / "Scene-skies-1.png"))
    assert tuple(sheet.size) == (2 * 480 + 3 * 8, 2 * 270 + 3 * 8)
    pixels = extension("scene.pixels").pixels_of(sheet)[..., :3]
    cells = [pixels[y : y + 270, x : x + 480] for y in (286, 8) for x in (8, 496)]
    assert cells[3].std() < 0.01, "there are three skies"
    assert all(cell.std() > 0.02 for cell in cells[:3])
    assert not np.array_equal(cells[0], cells[1]) and not np.array_equal(cells[1], cells[2])
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".exr"] * 3 + [".png"] * 4


def test_the_skies_of_a_sheet_keep_their_worlds_and_the_scene_its_lamp(shot, quick):
    """The scene shows one of two skies that are rendered, with a lamp for its sun; the other was adjusted before."""
    bpy.ops.skyloom.generate_panorama(prompts="a storm\nnoon", width=128)
    kept, shown = bpy.context.window_manager.skyloom.results
    sky_node = extension("scene.world").sky_node
    light = extension("engine.light.found").FoundLight(
        kind="sun", elevation=40.0, size=0.53, reach=4.0, irradiance=(3.0, 3.0, 3.0), ratio=2.0
    )
    load, set_world = extension("scene.images").load_panorama, extension("scene.world").set_world
    bpy.ops.skyloom.apply_panorama(filepath=kept)
    adjusted = shot.world
    sky_node(adjusted).inputs["Strength"].default_value = 0.25
    world = set_world(shot, load(extension("folders").absolute(shown)), light)
    bpy.ops.skyloom.add_sun_lamp()
    lamp = extension("scene.sun_lamp").sun_lamp(shot)
    worlds, disc = set(bpy.data.worlds), extension("scene.sun").DISC
    assert bpy.ops.skyloom.contact_sheet() == {"FINISHED"}
    assert set(bpy.data.worlds) == worlds and shot.world == world
    assert sky_node(adjusted).inputs["Strength"].default_value == 0.25
    assert extension("scene.sun_lamp").sun_lamp(shot) == lamp and not lamp.hide_render
    assert sky_node(world).inputs[disc].default_value == 0.0


def test_a_shot_needs_a_camera(shot, tmp_path):
    shot.camera = None
    with pytest.raises(RuntimeError, match="has no camera"):
        bpy.ops.skyloom.generate_panorama(prompts="a storm\nnoon", width=128, sheet=True)
    assert not list(tmp_path.iterdir()), "nothing was generated in vain"
