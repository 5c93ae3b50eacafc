"""What ``bpy.ops.skyloom.batch`` and ``blender --command skyloom batch`` share: make the skies, then render in each."""

from collections.abc import Callable, Sequence
from pathlib import Path

import bpy

from . import preferences
from .batching import run_batch
from .engine.batch.shots import Shot
from .engine.errors import SkyloomError
from .engine.protocol import BatchResult, Event, ShotEnd
from .folders import engine_log
from .scene.stills import render_still, still_path


def make_skies(arguments: Sequence[str], say: Callable[[Event], None]) -> dict[Path, str]:
    """Run the engine's batch command with *arguments*; how each sky ended, by file.

    Raises :class:`SkyloomError`.
    """
    python = preferences.engine_python(bpy.context)
    ended: dict[Path, str] = {}
    for event in run_batch(python, engine_log(), arguments):
        if isinstance(event, ShotEnd):
            ended[Path(event.exr)] = event.status
        say(event)
        if isinstance(event, BatchResult):
            break
    return ended


def render_stills(shots: Sequence[Shot], ended: dict[Path, str], tell: Callable[[str], None]) -> int:
    """Render the scene in each sky that is new or has no still yet; return how many could not be rendered.

    A shot that names a .blend is rendered in that file, which is opened in place of the open one.
    """
    failed = 0
    for shot in sorted(shots, key=lambda shot: str(shot.blend or "")):  # the open file's first, each file opened once
        if ended.get(shot.exr) not in ("done", "skipped"):
            continue
        if ended[shot.exr] == "skipped" and still_path(shot.exr).exists():
            continue
        try:
            if shot.blend and Path(bpy.data.filepath) != shot.blend:
                _open(shot.blend)
            tell(str(render_still(bpy.context.scene, shot.exr, shot.camera)))
        except SkyloomError as error:
            failed += 1
            tell(f"line {shot.line}: {error}")
    return failed


def _open(blend: Path) -> None:
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)
    except RuntimeError as error:
        raise SkyloomError(
            f"{blend} cannot be opened ({str(error).strip()}).", "Was it saved by a newer Blender than this one?"
        ) from error
