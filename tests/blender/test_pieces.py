"""Work in pieces, as a window does it: what happens to it between two of them."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from conftest import extension
from test_edit import pixels, sky, world_sky  # noqa: F401  the fixture

TIMER, ESCAPE, CLICK = (SimpleNamespace(type=kind, value="PRESS") for kind in ("TIMER", "ESC", "LEFTMOUSE"))


def working(pieces: Callable) -> object:
    """An operator that does *pieces*, begun in a window, as far as one is needed for that."""
    base = extension("operators.in_pieces").InPieces
    operator = type("Working", (base,), {"pieces": pieces, "report": lambda self, kind, text: self.told.append(text)})()
    operator.told = []
    operator._begin(bpy.context, "EXEC_DEFAULT")
    return operator


def test_window_has_its_turn_until_the_thread_is_done(installed):
    go_on, threads = threading.Event(), []

    def pieces(self: object, context: object, how: str) -> Iterator:
        yield
        threads.append((yield lambda: go_on.wait(20) and threading.current_thread()))
        return {"FINISHED"}

    operator = working(pieces)
    assert operator._go_on() is None
    assert operator.modal(bpy.context, CLICK) == {"PASS_THROUGH"}
    for _ in range(3):
        assert operator.modal(bpy.context, TIMER) == {"PASS_THROUGH"} and not threads
    go_on.set()
    operator._beside.result(20)
    assert operator.modal(bpy.context, TIMER) == {"FINISHED"}
    assert threads[0] is not threading.main_thread()


@pytest.mark.parametrize("where", ["piece", "thread"])
def test_what_goes_wrong_is_said(installed, where):
    def fail() -> None:
        raise extension("engine.errors").BadRequest("Nothing is painted.", "Paint.")

    def pieces(self: object, context: object, how: str) -> Iterator:
        yield fail if where == "thread" else None
        fail()

    operator = working(pieces)
    assert operator.execute(bpy.context) == {"CANCELLED"}
    assert operator.told == ["Nothing is painted. Paint."]


def test_escape_stops_it(installed):
    done = []

    def pieces(self: object, context: object, how: str) -> Iterator:
        try:
            yield
            done.append("more")
        finally:
            done.append("stopped")

    operator = working(pieces)
    operator._go_on()
    assert operator.modal(bpy.context, ESCAPE) == {"CANCELLED"}
    assert done == ["stopped"]


@pytest.fixture
def edit(scene, sky) -> Iterator:  # noqa: F811
    """The pieces of an edit of what is painted over *sky*, begun."""
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    stroke = pixels(painting)
    stroke[40:50, 20:30, :3] = 0
    painting.pixels.foreach_set(stroke.ravel())
    kind = extension("operators.edit_sky").SKYLOOM_OT_edit_sky
    operator = SimpleNamespace(what="CLOUD")
    operator._wanted, operator._mask = partial(kind._wanted, operator), partial(kind._mask, operator)
    return kind.pieces(operator, bpy.context, "EXEC_DEFAULT")


def mask_of(edit: Iterator) -> bytes:
    """The mask's file, as a thread makes it before the last piece."""
    made = next(edit)()
    while not isinstance(made, bytes):
        made = edit.send(made)()
    return made


def masks(folder: Path) -> list[Path]:
    return list(folder.glob("*-mask-*"))


def test_edit_is_done_in_the_scene_that_it_was_asked_for_in(scene, sky, edit, tmp_path):  # noqa: F811
    picture = mask_of(edit)
    other = bpy.data.scenes.new("Other")
    bpy.context.window.scene = other
    with pytest.raises(StopIteration) as end:
        edit.send(picture)
    assert end.value.value == {"FINISHED"} and other.world is None
    assert world_sky(scene) != sky and len(masks(tmp_path)) == 1


def set_another_world() -> None:
    bpy.context.scene.world = bpy.data.worlds.new("Own")


def undo() -> None:
    world = bpy.context.scene.world
    bpy.context.scene.world = None
    bpy.ops.ed.undo_push()
    bpy.context.scene.world = world
    bpy.ops.ed.undo_push()
    assert bpy.ops.ed.undo() == {"FINISHED"}


def delete_scene() -> None:
    before = bpy.context.scene
    bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(before)


@pytest.mark.parametrize("meanwhile", [set_another_world, undo, delete_scene])
def test_sky_that_is_gone_meanwhile_is_not_edited(edit, tmp_path, meanwhile):
    picture = mask_of(edit)
    meanwhile()
    with pytest.raises(extension("engine.errors").BadRequest, match="not in the world any more"):
        edit.send(picture)
    assert not masks(tmp_path)


def test_painting_that_is_gone_meanwhile_is_said(sky, edit, tmp_path):  # noqa: F811
    room = next(edit)()
    bpy.ops.skyloom.discard_edit()
    with pytest.raises(extension("engine.errors").BadRequest, match="is gone"):
        edit.send(room)
    assert not masks(tmp_path)


def test_file_may_be_closed_while_the_thread_works(edit, tmp_path):
    work = edit.send(next(edit)())
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    picture = edit.send(work())()
    with pytest.raises(extension("engine.errors").BadRequest, match="not in the world any more"):
        edit.send(picture)
    assert not masks(tmp_path)
