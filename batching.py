"""A shot list on its way: the engine's own ``batch`` command in a process beside Blender. Knows nothing of Blender."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from .engine.errors import EngineIncomplete, EngineLost
from .engine.process import engine_environment
from .engine.protocol import BatchResult, Event, Failure, parse_event


def run_batch(python: Path, log: Path, arguments: Sequence[str]) -> Iterator[Event]:
    """Run ``python -m engine batch`` with *arguments* and yield what it tells, up to one :class:`BatchResult`.

    Closing the generator ends the process; what was finished stays. log: receives the engine's stderr (appended).
    Raises the error that the engine ended with, :class:`EngineIncomplete` or :class:`EngineLost`.
    """
    command = [str(python), "-m", "engine", "batch", *arguments, "--events"]
    with open(log, "ab") as stderr:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=engine_environment(),
                text=True,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            hint = "Choose another one in the add-on's preferences."
            raise EngineIncomplete(f"The engine's Python, {python}, cannot be started ({error}).", hint) from error
    with process:
        try:
            assert process.stdout
            for line in process.stdout:
                event = parse_event(line)
                if isinstance(event, Failure):
                    raise event.to_error()
                if event:
                    yield event
                if isinstance(event, BatchResult):
                    return
        finally:
            process.terminate()  # nothing to a process that has ended
    raise EngineLost(f"The engine ended in the middle (exit status {process.returncode}).", f"Its log is {log}")
