"""The engine process of this Blender session and the generation on it: all of Skyloom's state outside a .blend file.

The process is started when it is first needed and kept, so that the model stays warm. It ends when the extension is
disabled and when Blender does: its stdin closes then, even if Blender crashed.
"""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .engine.client import EngineClient
from .engine.errors import BadRequest, SkyloomError
from .engine.job_parts import Layout
from .engine.protocol import Event
from .generation import Generation, Status, Task


@dataclass
class _Session:
    engine: EngineClient | None = None
    python: Path | None = None
    generation: Generation | None = None
    status: Status = field(default_factory=Status)


_session = _Session()


def status() -> Status:
    """Of the running or the last generation."""
    return _session.status


def running() -> bool:
    return _session.status.running


def start(python: Path, log: Path, tasks: Sequence[Task], previews: bool = False) -> Generation:
    """Send *tasks* to the engine, which is started first if there is none with this *python*.

    Raises :class:`EngineIncomplete`, or :class:`BadRequest` while another one runs.
    """
    if running():
        raise BadRequest("A sky is being generated already.", "Wait for it or cancel it.")
    engine, warm = _engine(python, log)
    _session.generation = Generation(engine, tasks, warm, previews)
    _session.status = _session.generation.status
    return _session.generation


def draw(python: Path, log: Path, layout: Layout, height: int) -> None:
    """Ask the engine, which is started if need be, for a picture of *layout*, *height* pixels high; :func:`poll` has
    the answer.

    Raises :class:`EngineIncomplete`, or :class:`BadRequest` while a generation runs.
    """
    if running():
        raise BadRequest("A sky is being generated already.", "Wait for it or cancel it.")
    _engine(python, log)[0].draw(layout, height)


def poll() -> list[Event]:
    """What the engine has said since the last call, while no generation runs."""
    return _session.engine.poll() if _session.engine else []


def wait(timeout: float) -> Event | None:
    """The next that the engine says, within *timeout* seconds."""
    return _session.engine.wait(timeout) if _session.engine else None


def _engine(python: Path, log: Path) -> tuple[EngineClient, bool]:
    """The engine of this *python*, and whether it was there already."""
    engine = _session.engine
    if engine is not None and engine.alive and _session.python == python:
        return engine, True
    close()
    _session.engine, _session.python = EngineClient(python, log), python
    return _session.engine, False


def fail(error: SkyloomError) -> None:
    """Show *error* as the end of a run that could not start, or whose result could not be used."""
    _session.status = Status(error=error.message, hint=error.hint)


def cancel() -> None:
    if _session.generation:
        _session.generation.cancel()


def close(grace: float = 3.0) -> None:
    """End the engine's process and with it what runs on it: by force if it takes longer than *grace* seconds."""
    engine, _session.engine = _session.engine, None
    if engine:
        engine.close(grace)
    _session.generation = None
    _session.status = Status()


def register() -> None:
    atexit.register(close)


def unregister() -> None:
    atexit.unregister(close)
    close()
