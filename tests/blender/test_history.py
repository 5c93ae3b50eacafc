"""Skies are found again, set again, described again and deleted."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import extension


def generate(**arguments) -> Path:
    assert bpy.ops.skyloom.generate_panorama(**arguments) == {"FINISHED"}
    return Path(bpy.context.window_manager.skyloom.result)


def known(folder: Path) -> list[Path]:
    return [sky.path for sky in extension("scene.history").known_skies(folder)]


def contents(path: Path) -> tuple[dict, bytes]:
    """The complete job and the pixels of a sky; what was asked for may be said in more or fewer words."""
    image = bpy.data.images.load(str(path))
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return extension("history").read_job(path), pixels.tobytes()


def rotation(world: bpy.types.World) -> bpy.types.NodeSocket:
    return world.node_tree.nodes["Skyloom Sky"].inputs["Rotation"]


def test_skies_of_the_folder_and_of_the_file(scene, quick, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    first, second = generate(**quick, out=str(here / "one.exr")), generate(**quick, out=str(there / "two.exr"))
    (here / "no sky.exr").write_bytes(b"no picture")
    assert known(here) == [second, first]
    bpy.ops.ed.undo_push()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert known(here) == [second, first]
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    assert known(here) == [first], "what another .blend knew of has come along"
    assert known(tmp_path / "missing") == []


def test_a_sky_describes_itself(scene, quick, tmp_path):
    path = generate(**quick, out=str(tmp_path / "sky.exr"))
    (sky,) = extension("scene.history").known_skies(tmp_path)
    for part in ("a storm", "Seed 7", "128 x 64", "nano-sd1"):
        assert part in sky.describe()
    assert sky.picture.exists() and sky.path == path


def test_applying_an_older_sky_finds_its_world_as_it_was_left(scene, quick):
    first = generate(**quick)
    left = scene.world
    rotation(left).default_value = 1.5
    generate(**quick | {"seed": 8})
    bpy.ops.skyloom.apply_panorama(filepath=str(first))
    assert scene.world == left and rotation(left).default_value == 1.5


def test_two_scenes_never_share_a_world(scene, quick):
    path = generate(**quick)
    other = bpy.data.scenes.new("Other")
    with bpy.context.temp_override(scene=other):
        bpy.ops.skyloom.apply_panorama(filepath=str(path))
    assert other.world != scene.world


def again(settings: bpy.types.PropertyGroup, path: Path) -> Path:
    """The sky that comes out of the settings of the one at *path*, after others were set."""
    settings.prompt, settings.style, settings.quality, settings.coherence = "another", "mist", "final", "FAST"
    settings.width, settings.steps, settings.sync_weight, settings.model = "512", 3, 1.0, "/no/model"
    settings.use_random_seed = True
    assert bpy.ops.skyloom.use_settings(filepath=str(path)) == {"FINISHED"}
    return generate()


@pytest.mark.parametrize(
    "change",
    [
        {"coherence": "EXACT", "sync_steps": 2, "sync_weight": 3.3, "sync_decay": 0.7, "stride": 4, "guidance": 3.1},
        {"coherence": "FAST", "style": "storm", "negative": "sun", "quality": "draft", "solver": "unipc", "steps": 0},
        {"coherence": "OFF", "window": 8, "prompt": "🌅 dawn"},
    ],
)
def test_settings_of_a_sky_make_it_again(scene, quick, change):
    first = generate(**quick | change)
    assert contents(again(scene.skyloom, first)) == contents(first)


def test_what_no_field_can_show_is_kept_too(scene, quick):
    settings = scene.skyloom
    settings.other = json.dumps({"coherence": None, "sampler": "full", "sync_steps": 0, "width": 192, "device": "cpu"})
    first = generate(prompt="fog", model=quick["model"], steps=2, seed=4)
    settings.other = ""
    assert contents(again(settings, first)) == contents(first)
    kept = json.loads(settings.other)
    assert (kept["sampler"], kept["width"], kept["device"]) == ("full", 192, "cpu")
    defaults = json.loads(json.dumps(extension("engine.job").Job(prompt="fog").to_dict()))
    assert not [name for name in kept if kept[name] == defaults.get(name, "")], "what says nothing"
    settings.coherence, settings.width, settings.window, settings.stride = "OFF", "512", 0, 0
    job = extension("history").read_job(generate(steps=1))
    assert (job["sampler"], job["width"], job["device"]) == ("multidiffusion", 512, "cpu"), "what is set comes first"


def test_file_without_settings(scene, pattern):
    with pytest.raises(RuntimeError, match="no Skyloom job"):
        bpy.ops.skyloom.use_settings(filepath=str(pattern[0]))
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.skyloom.use_settings(filepath="/no/such/sky.exr")


def test_delete(scene, quick, tmp_path):
    first, second = (generate(**quick, out=str(tmp_path / f"{name}.exr")) for name in ("one", "two"))
    with pytest.raises(RuntimeError, match="in use"):
        bpy.ops.skyloom.delete_panorama(filepath=str(second))
    assert second.exists()
    bpy.ops.skyloom.apply_panorama(filepath=str(first))
    bpy.ops.skyloom.delete_panorama(filepath=str(second))
    assert known(tmp_path) == [first]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.exr", "one.png"]
    assert not [image for image in bpy.data.images if "two" in image.filepath]


def test_a_sky_outside_of_the_file_s_folder_is_one(scene, quick, tmp_path):
    """Its path begins with //.. then, and it is the same sky: listed once, found in its world, not deleted in use."""
    path = generate(**quick, out=str(tmp_path / "skies" / "sky.exr"))
    rotation(scene.world).default_value = 1.5
    shot = tmp_path / "project" / "shot.blend"
    shot.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(shot))
    bpy.ops.wm.open_mainfile(filepath=str(shot))
    world = bpy.context.scene.world
    assert bpy.data.images[path.name].filepath.startswith("//..")
    assert known(path.parent) == [path]
    bpy.ops.skyloom.apply_panorama(filepath=str(path))
    assert bpy.context.scene.world == world and rotation(world).default_value == 1.5
    with pytest.raises(RuntimeError, match="in use"):
        bpy.ops.skyloom.delete_panorama(filepath=str(path))
    with pytest.raises(RuntimeError, match="in use"):
        bpy.ops.skyloom.delete_panorama(filepath=f"{shot.parent}/../skies/{path.name}")
    assert path.exists()


def test_delete_spares_what_is_not_ours(scene, pattern):
    bpy.ops.skyloom.delete_panorama(filepath=str(pattern[0]))
    assert pattern[0].exists()
