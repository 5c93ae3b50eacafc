"""The engine's installation on its way, in a process beside Blender. One at a time."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .engine.errors import BadRequest, EngineLost
from .engine.process import EventProcess
from .engine.protocol import Cancelled, Event, Failure, Finished, Lost, Work

PATIENCE = 8.0  # seconds for the process to end by itself when Blender wants to be gone


@dataclass
class Progress:
    """What the preferences show. error, hint: of the last installation that failed."""

    running: bool = False
    task: str = ""
    fraction: float = 0.0
    error: str = ""
    hint: str = ""


@dataclass
class _Installation:
    process: EventProcess | None = None
    outcome: Finished | Failure | Cancelled | None = None


progress = Progress()
_installation = _Installation()


def start(arguments: Sequence[str], log: Path) -> None:
    """Run ``python -m engine.setup`` with *arguments* in Blender's own Python. Raises a SkyloomError."""
    if progress.running:
        raise BadRequest("The engine is being installed already.", "Wait for it or cancel it.")
    log.unlink(missing_ok=True)
    _installation.process = EventProcess([sys.executable, "-m", "engine.setup", *arguments], log)
    _installation.outcome = None
    progress.__init__(running=True, task="Starting")  # the panels hold the object itself


def update(wait: float = 0.0) -> bool:
    """Take in what the process said, waiting up to *wait* seconds for it. True if anything is new."""
    process = _installation.process
    if process is None:
        return False
    events: list[Event] = process.poll()
    if not events and wait and (event := process.wait(wait)):
        events = [event]
    for event in events:
        _take(event, process)
    return bool(events)


def outcome() -> Finished | Failure | Cancelled | None:
    """How it ended; None while it runs."""
    return _installation.outcome


def cancel() -> None:
    if _installation.process and progress.running:
        progress.task = "Cancelling"
        try:
            _installation.process.cancel()
        except EngineLost:  # it has just ended, and says how
            update()


def close() -> None:
    """End the process, if there is one: what was downloaded stays for the next time."""
    if _installation.process:
        _installation.process.close(PATIENCE)
    _installation.process = None
    progress.__init__()


def _take(event: Event, process: EventProcess) -> None:
    match event:
        case Work(task=task, fraction=fraction):
            progress.task, progress.fraction = task, fraction
        case Finished() | Failure() | Cancelled():
            _installation.outcome = event
        case Lost(status=status):
            _installation.outcome = _installation.outcome or Failure.of(
                EngineLost(f"The installation ended in the middle (exit status {status}).", f"Its log is {process.log}")
            )
            progress.running = False
            if isinstance(_installation.outcome, Failure):
                progress.error, progress.hint = _installation.outcome.message, _installation.outcome.hint
