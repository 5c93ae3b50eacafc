"""What goes wrong is told with a hint, changes nothing in the scene, and does not spoil the next try."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import pytest
from conftest import extension
from processes import engine_processes

LONG = {"steps": 900}  # far more than it takes to do something in the middle


def fails(**arguments) -> str:
    """The message of a generation that must fail; the panel shows the same one, and the world is as it was."""
    world, worlds = bpy.context.scene.world, len(bpy.data.worlds)
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.skyloom.generate_panorama(**arguments)
    status = bpy.context.window_manager.skyloom
    assert status.error and status.error in str(caught.value)
    assert status.hint and status.hint in str(caught.value)
    assert not status.running
    assert (bpy.context.scene.world, len(bpy.data.worlds)) == (world, worlds)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def works(**arguments) -> None:
    assert bpy.ops.skyloom.generate_panorama(**arguments) == {"FINISHED"}
    assert not bpy.context.window_manager.skyloom.error


@pytest.mark.parametrize("prompt", ["", " \n\t "])
def test_empty_prompt(scene, quick, prompt):
    assert "prompt is empty" in fails(**quick | {"prompt": prompt})


def test_width_that_cannot_be(scene, quick):
    fails(**quick | {"width": 100})
    fails(**quick | {"width": 1})


def test_width_that_does_not_fit_into_memory(scene, quick):
    assert "width" in fails(**quick | {"width": 65536}).lower()


def test_missing_model(scene, quick):
    assert "/no/such/model" in fails(**quick | {"model": "/no/such/model"})
    works(**quick)


def test_empty_model_folder(scene, quick, tmp_path):
    fails(**quick | {"model": str(tmp_path)})


def test_missing_engine_python(scene, quick, preferences):
    preferences.engine_python = "/no/such/python"
    assert "preferences" in fails(**quick)
    preferences.engine_python = ""
    works(**quick)


def test_engine_python_beside_the_blend_is_found(scene, preferences, tmp_path):
    """As Blender's file selector writes a path, where paths are relative."""
    (tmp_path / "python").touch()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    preferences.engine_python = "//python"
    assert extension("preferences").engine_python(bpy.context) == tmp_path / "python"


def test_engine_python_that_is_none(scene, quick, preferences):
    preferences.engine_python = "/bin/false"
    assert "Check the engine's Python" in fails(**quick)


def test_engine_python_without_torch(scene, quick, preferences):
    preferences.engine_python = "/usr/bin/python3"
    if not Path(preferences.engine_python).exists():
        pytest.skip("this machine has no other Python")
    fails(**quick)


@pytest.mark.parametrize("out", ["/proc/sky.exr", "/dev/null/skies/sky.exr"])
def test_unwritable_output(scene, quick, out):
    fails(**quick, out=out)


def test_unwritable_output_folder(scene, quick, preferences):
    preferences.output_folder = "/dev/null/skies"
    assert "preferences" in fails(**quick)


def test_broken_picture_is_refused(scene, tmp_path):
    (tmp_path / "broken.exr").write_bytes(b"no picture")
    images = len(bpy.data.images)
    for name in ("broken.exr", "missing.exr"):
        with pytest.raises(RuntimeError, match="cannot be loaded"):
            bpy.ops.skyloom.apply_panorama(filepath=str(tmp_path / name))
    assert len(bpy.data.images) == images


def test_a_picture_that_is_no_panorama_is_refused(scene, tmp_path):
    square = bpy.data.images.new("square", 16, 16, float_buffer=True)
    square.filepath_raw, square.file_format = str(tmp_path / "square.exr"), "OPEN_EXR"
    square.save()
    world = scene.world
    with pytest.raises(RuntimeError, match="16 x 16, not twice as wide"):
        bpy.ops.skyloom.apply_panorama(filepath=str(tmp_path / "square.exr"))
    assert scene.world == world


def test_engine_killed_while_idle_and_in_the_middle(scene, quick, tmp_path):
    works(**quick)
    (first,) = engine_processes()
    os.kill(first, signal.SIGKILL)
    while first in engine_processes():
        time.sleep(0.01)
    out = tmp_path / "sky.exr"
    with when_sampling(lambda: os.kill(*engine_processes(), signal.SIGKILL)):
        assert "stopped in the middle (signal 9)" in fails(**quick | LONG, out=str(out))
    assert not list(tmp_path.iterdir())
    works(**quick, out=str(out))


def test_second_run_while_one_runs(scene, quick):
    """Without a window a run blocks, so the operator is asked from a thread whether it would take a second one."""
    refused = []

    def ask_again() -> None:
        refused.append(not bpy.types.SKYLOOM_OT_generate_panorama.poll(bpy.context))
        extension("session").cancel()

    with when_sampling(ask_again):
        assert bpy.ops.skyloom.generate_panorama(**quick | LONG) == {"CANCELLED"}
    assert refused == [True]


def test_cancelling_writes_nothing_and_keeps_the_engine(scene, quick, tmp_path):
    works(**quick)
    before = engine_processes()
    out = tmp_path / "sky.exr"
    with when_sampling(extension("session").cancel):
        assert bpy.ops.skyloom.generate_panorama(**quick | LONG, out=str(out)) == {"CANCELLED"}
    assert not list(tmp_path.iterdir())
    assert engine_processes() == before
    assert not bpy.context.window_manager.skyloom.error
    works(**quick, out=str(out))


def test_frozen_engine_is_ended_by_cancelling(scene, quick, tmp_path):
    works(**quick)
    (engine,) = engine_processes()

    def freeze() -> None:
        os.kill(engine, signal.SIGSTOP)
        extension("session").cancel()

    started = time.monotonic()
    with when_sampling(freeze):
        assert bpy.ops.skyloom.generate_panorama(**quick | LONG) == {"CANCELLED"}
    assert time.monotonic() - started < 30
    assert engine not in engine_processes()


@contextmanager
def when_sampling(act: Callable[[], None]) -> Iterator[None]:
    """Call *act* once, from a thread, when the generation that is started inside has begun to denoise."""
    session, left = extension("session"), threading.Event()

    def watch() -> None:
        while not left.wait(0.005):
            if session.running() and session.status().stage.startswith("Step"):
                return act()

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    left.set()
    thread.join()
