"""Several skies at once, their names, what is packed, and what is only lent to the world meanwhile."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import extension
from rendering import add_panoramic_camera, render


def test_four_to_pick_from(scene, quick):
    world = scene.world
    assert bpy.ops.skyloom.generate_panorama(**quick, variations=4) == {"FINISHED"}
    assert scene.world == world, "none is set before one is picked"
    skies = [extension("history").sky_at(Path(path)) for path in bpy.context.window_manager.skyloom.results]
    assert [sky.job["seed"] for sky in skies] == [7, 8, 9, 10]
    assert len({sky.path.read_bytes() for sky in skies}) == 4
    bpy.ops.skyloom.apply_panorama(filepath=str(skies[2].path))
    assert skies[2].path.stem in scene.world.name


def test_variations_of_a_random_seed(scene, quick):
    del quick["seed"]
    bpy.ops.skyloom.generate_panorama(**quick, variations=2)
    first, second = bpy.context.window_manager.skyloom.results
    assert Path(first).read_bytes() != Path(second).read_bytes()


def test_one_file_cannot_hold_several(scene, quick, tmp_path):
    with pytest.raises(RuntimeError, match="do not fit"):
        bpy.ops.skyloom.generate_panorama(**quick, variations=2, out=str(tmp_path / "sky.exr"))


def test_file_name_pattern(scene, quick, preferences, tmp_path):
    preferences.output_folder, preferences.file_name = str(tmp_path), "{model}_{prompt} #{seed}"
    bpy.ops.skyloom.generate_panorama(**quick)
    preferences.file_name = "../sky: {date}"  # no way out of the folder
    bpy.ops.skyloom.generate_panorama(**quick, variations=2)
    names = sorted(path.name for path in tmp_path.glob("*.exr"))
    assert names[0] == "nano-sd1_a-storm #7.exr"
    assert len(names) == 3 and all(name.startswith("sky- 20") for name in names[1:])


@pytest.mark.parametrize("pattern", ["{nonsense}", "{prompt.__class__}", "{seed", ""])
def test_file_name_pattern_that_cannot_be(scene, quick, preferences, pattern):
    preferences.file_name = pattern
    with pytest.raises(RuntimeError, match="pattern"):
        bpy.ops.skyloom.generate_panorama(**quick)


def test_packed_sky_needs_no_file(scene, quick, preferences, tmp_path):
    preferences.use_pack = True
    path = tmp_path / "sky.exr"
    bpy.ops.skyloom.generate_panorama(**quick, out=str(path))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    path.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.context.scene.world = None
    assert bpy.ops.skyloom.apply_panorama(filepath=str(path)) == {"FINISHED"}
    image = extension("scene.world").world_panorama(bpy.context.scene.world)
    assert len(image.pixels) == 128 * 64 * 4
    assert bpy.ops.skyloom.use_settings(filepath=str(path)) == {"FINISHED"}
    assert bpy.context.scene.skyloom.prompt == "a storm"


def test_world_is_lent_to_the_preview_and_given_back(scene, tmp_path):
    live, own = extension("scene.live_preview"), scene.world
    counts = [len(data) for data in (bpy.data.worlds, bpy.data.images, bpy.data.node_groups)]
    radiance = np.linspace(0, 4, 32 * 64 * 3, dtype=np.float32).reshape(32, 64, 3)
    live.show(scene, radiance)
    live.show(scene, radiance * 2)
    image = extension("scene.sky_group").sky_image(scene.world.node_tree)
    shown = np.array(image.pixels[:]).reshape(32, 64, 4)[::-1, :, :3]
    assert scene.world != own and np.allclose(shown, radiance * 2)
    assert not bpy.ops.skyloom.export_cube_map.poll(), "what is only lent is taken for a sky"
    live.end(scene)
    assert scene.world == own
    assert [len(data) for data in (bpy.data.worlds, bpy.data.images, bpy.data.node_groups)] == counts
    live.show(scene, radiance)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert scene.world == own, "a preview got into a file"


def test_preview_looks_as_the_sky_will(scene, tmp_path, pattern):
    file, pixels = pattern
    add_panoramic_camera(scene)
    bpy.ops.skyloom.apply_panorama(filepath=str(file))
    sky = render(scene, tmp_path / "sky.exr")
    extension("scene.live_preview").show(scene, pixels[::-1])
    preview = render(scene, tmp_path / "preview.exr")
    assert sky.std() > 0.5 and np.abs(preview - sky).max() < 1e-4
    extension("scene.live_preview").end(scene)


def test_scene_without_a_world_has_none_after_a_preview(scene):
    live, scene.world = extension("scene.live_preview"), None
    live.show(scene, np.ones((4, 8, 3), np.float32))
    live.end(scene)
    assert scene.world is None
