"""A shot list from inside Blender: skies, and the scene rendered in each."""

import os
import signal
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import NANO, extension
from processes import engine_processes


@pytest.fixture
def shots(scene, tmp_path) -> Path:
    """Two quick skies, one seen by another camera, and a scene that renders in no time."""
    other = scene.camera.copy()
    other.name, other.rotation_euler = "Up", (3.14, 0, 0)
    scene.collection.objects.link(other)
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.render.resolution_x, scene.render.resolution_y = 1, 32, 16
    quick = f'model = "{NANO}"\nwidth = 128\nsteps = 2\nsampler = "multidiffusion"\n'
    path = tmp_path / "shots.toml"
    path.write_text(
        f'[defaults]\n{quick}[[shot]]\nprompt = "a storm"\n[[shot]]\nprompt = "b"\ncamera = "Up"\n', encoding="utf-8"
    )
    return path


def pixels(file: Path) -> np.ndarray:
    image = bpy.data.images.load(str(file))
    values = np.array(image.pixels)
    bpy.data.images.remove(image)
    return values


def state(scene: bpy.types.Scene) -> list:
    """What a render must leave as it was."""
    data = bpy.data.worlds, bpy.data.node_groups, [image for image in bpy.data.images if image.type == "IMAGE"]
    return [scene.world, scene.camera, scene.render.filepath, *map(len, data)]


def test_skies_and_stills(scene, shots, tmp_path):
    before = state(scene)
    assert bpy.ops.skyloom.batch(filepath=str(shots), render=True) == {"FINISHED"}
    folder = tmp_path / "shots"
    stills = [folder / "a-storm-0-still.png", folder / "b-0-still.png"]
    assert [pixels(still).size for still in stills] == [32 * 16 * 4] * 2
    assert not np.array_equal(*map(pixels, stills))
    assert before == state(scene)
    assert not [file for file in folder.iterdir() if "partial" in file.name]
    made = {file: file.stat().st_mtime_ns for file in folder.glob("*-*")}
    assert bpy.ops.skyloom.batch(filepath=str(shots), render=True) == {"FINISHED"}
    assert made == {file: file.stat().st_mtime_ns for file in folder.glob("*-*")}


def test_command_line_renders_the_lists_own_scene(scene, shots, tmp_path, capfd):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    shots.write_text(shots.read_text(encoding="utf-8") + 'blend = "shot.blend"\n', encoding="utf-8")
    out = tmp_path / "out"
    assert extension("cli_command").run(["batch", str(shots), "--out", str(out), "--rows", "2", "--render"]) == 0
    assert Path(bpy.data.filepath) == tmp_path / "shot.blend"
    assert (out / "b-0-still.png").exists() and not (out / "a-storm-0.exr").exists()
    assert "1 made" in capfd.readouterr().out


def test_what_is_wrong_is_told(scene, shots, tmp_path, capfd):
    text = shots.read_text(encoding="utf-8")
    shots.write_text(text.replace('"Up"', '"Down"'), encoding="utf-8")
    with pytest.raises(RuntimeError, match="1 of the shots failed"):
        bpy.ops.skyloom.batch(filepath=str(shots), render=True)
    assert "has no camera 'Down'" in capfd.readouterr().out
    assert (tmp_path / "shots" / "a-storm-0-still.png").exists()
    shots.write_text(text + "width = 5\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="line 8: width is 5"):
        bpy.ops.skyloom.batch(filepath=str(shots))
    shots.write_text(text + 'blend = "other.blend"\n', encoding="utf-8")
    with pytest.raises(RuntimeError, match="would replace the open one"):
        bpy.ops.skyloom.batch(filepath=str(shots), render=True)
    assert extension("cli_command").run(["batch", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capfd.readouterr().err
    assert extension("cli_command").run(["batch", str(shots), "--out", str(tmp_path / "none"), "--render"]) == 2
    assert "line 8: The scene" in capfd.readouterr().err and not (tmp_path / "none").exists()


def test_engine_killed_in_the_middle(scene, shots, tmp_path):
    shots.write_text(shots.read_text(encoding="utf-8") + "steps = 900\n", encoding="utf-8")
    folder = tmp_path / "shots"

    def kill_in_the_second(event) -> None:
        if event.event == "batch" and event.ended == 1 and event.fraction > 0.55:
            os.kill(*engine_processes(task=b"batch"), signal.SIGKILL)

    with pytest.raises(extension("engine.errors").EngineLost, match="in the middle"):
        extension("batch_stills").make_skies([str(shots), "--out", str(folder)], kill_in_the_second)
    kept = (folder / "a-storm-0.exr").stat().st_mtime_ns
    shots.write_text(shots.read_text(encoding="utf-8").replace("900", "2"), encoding="utf-8")
    assert bpy.ops.skyloom.batch(filepath=str(shots)) == {"FINISHED"}
    assert (folder / "a-storm-0.exr").stat().st_mtime_ns == kept and (folder / "b-0.exr").exists()


def test_the_cluster_is_passed_on(scene, shots, tmp_path, capfd):
    assert extension("cli_command").run(["batch", str(shots), "--ray", "127.0.0.1:1"]) == 4
    assert "The Ray cluster at 127.0.0.1:1 cannot be joined" in capfd.readouterr().err
    with pytest.raises(RuntimeError, match=r"The Ray cluster at 127\.0\.0\.1:1 cannot be joined"):
        bpy.ops.skyloom.batch(filepath=str(shots), ray="127.0.0.1:1")
