"""A model on its way: the engine's own ``models download`` in a process beside Blender. Knows nothing of Blender.

One at a time; it goes on while skies are generated and when another file is opened, and ends with Blender. What it has
is kept, so that the next one goes on from there.
"""

import atexit
from dataclasses import dataclass
from pathlib import Path

from .engine.errors import BadRequest, EngineLost, SkyloomError
from .engine.process import EventProcess
from .engine.protocol import Cancelled, Downloaded, DownloadProgress, Event, Failure, Lost, Notice
from .engine.wording import progress_text, size


@dataclass
class Status:
    """What is told about the running or the last download of *model*. notice: what did not stop it; error: what did."""

    model: str = ""
    running: bool = False
    text: str = ""
    fraction: float = 0.0
    notice: str = ""
    error: str = ""
    hint: str = ""


class Download:
    """``outcome`` is None until it has ended. Raises :class:`EngineIncomplete` if *python* cannot be started."""

    def __init__(self, python: Path, log: Path, name: str) -> None:
        self.status = Status(model=name, running=True, text="Looking it up")
        self.outcome: Downloaded | Failure | Cancelled | None = None
        self._engine = EventProcess(
            [str(python), "-m", "engine", "models", "download", name, "--accept-licence", "--events"], log
        )

    def cancel(self) -> None:
        if not self.outcome:
            self._end(Cancelled())
            self._engine.close(grace=0.0)  # it puts nothing in place that is not whole, however it ends

    def update(self, wait: float = 0.0) -> bool:
        """Take in what the engine said, waiting up to *wait* seconds for it. True if anything is new."""
        events = self._engine.poll(wait)
        for event in events:
            self._take(event)
        return bool(events)

    def _take(self, event: Event) -> None:
        if self.outcome:
            return
        match event:
            case DownloadProgress(stage=stage, done=done, total=total):
                self.status.fraction = done / total
                counted = "Checking" if stage == "check" else f"{size(done)} of {size(total)}"
                self.status.text = progress_text(counted, event.seconds_left)
            case Notice(message=message):
                self.status.notice = message
            case Downloaded() | Failure() | Cancelled():
                self._end(event)
            case Lost(status=status):
                error = EngineLost(f"The download was stopped (exit status {status}).", "Start it again to go on.")
                self._end(Failure.of(error))

    def _end(self, outcome: Downloaded | Failure | Cancelled) -> None:
        self.outcome = outcome
        self.status.running = False
        if isinstance(outcome, Failure):
            self.status.error, self.status.hint = outcome.message, outcome.hint


_idle = Status()
_current: Download | None = None


def status() -> Status:
    """Of the running or the last download."""
    return _current.status if _current else _idle


def running() -> bool:
    return status().running


def start(python: Path, log: Path, name: str) -> Download:
    """Raises :class:`EngineIncomplete`, or :class:`BadRequest` while another one runs."""
    global _current
    if running():
        raise BadRequest("A model is being downloaded already.", "Wait for it or cancel it.")
    _current = Download(python, log, name)
    return _current


def fail(name: str, error: SkyloomError) -> None:
    """Show *error* as the end of a download that could not start."""
    global _current, _idle
    _current, _idle = None, Status(model=name, error=error.message, hint=error.hint)


def update() -> bool:
    """Take in what the engine said. True if anything is new."""
    return _current is not None and _current.update()


def cancel() -> None:
    if _current:
        _current.cancel()


def register() -> None:
    atexit.register(cancel)


def unregister() -> None:
    global _current, _idle
    atexit.unregister(cancel)
    cancel()
    _current, _idle = None, Status()
