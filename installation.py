"""What is done to the engine from the preferences, in a process beside Blender: set up, removed, looked over.

One at a time.
"""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .engine.errors import BadRequest, EngineLost
from .engine.process import EventProcess
from .engine.protocol import Cancelled, Event, Failure, Finding, Finished, Lost, Work
from .engine.wording import size

PATIENCE = 8.0  # seconds for the process to end by itself when Blender wants to be gone


@dataclass
class Progress:
    """What the preferences show.

    size: how much there is of how much, in words. error, hint: of the last one, if it failed. findings: of the last
    check.
    """

    running: bool = False
    task: str = ""
    fraction: float = 0.0
    size: str = ""
    error: str = ""
    hint: str = ""
    findings: list[Finding] = field(default_factory=list)


@dataclass
class _Installation:
    process: EventProcess | None = None
    outcome: Finished | Failure | Cancelled | None = None
    progress: Progress = field(default_factory=Progress)


_installation = _Installation()


def progress() -> Progress:
    """What the preferences show now."""
    return _installation.progress


def start(task: str, command: Sequence[str], log: Path) -> None:
    """Run *command*, which tells events and writes to *log* besides. Raises a SkyloomError."""
    if progress().running:
        raise BadRequest("The engine is being worked on already.", "Wait for it or cancel it.")
    _installation.process = EventProcess(command, log)
    _installation.outcome = None
    _installation.progress = Progress(running=True, task=task)


def update(wait: float = 0.0) -> bool:
    """Take in what the process said, waiting up to *wait* seconds for it. True if anything is new."""
    process = _installation.process
    if process is None:
        return False
    events = process.poll(wait)
    for event in events:
        _take(event, process)
    return bool(events)


def outcome() -> Finished | Failure | Cancelled | None:
    """How it ended; None while it runs."""
    return _installation.outcome


def cancel() -> None:
    if _installation.process and progress().running:
        progress().task = "Cancelling"
        try:
            _installation.process.cancel()
        except EngineLost:  # it has just ended, and says how
            update()


def close() -> None:
    """End the process, if there is one: what was downloaded stays for the next time."""
    if _installation.process:
        _installation.process.close(PATIENCE)
    _installation.process = None
    _installation.progress = Progress()


def _take(event: Event, process: EventProcess) -> None:
    shown = progress()
    match event:
        case Work(task=task, fraction=fraction, done=done, total=total):
            shown.task, shown.fraction = task, fraction
            shown.size = f"{size(done)} of {size(total)}" if total else ""
        case Finding():
            shown.findings.append(event)
        case Finished() | Failure() | Cancelled():
            _installation.outcome = event
        case Lost(status=status):
            _installation.outcome = _installation.outcome or Failure.of(
                EngineLost(f"The work ended in the middle (exit status {status}).", f"Its log is {process.log}")
            )
            shown.running = False
            if isinstance(_installation.outcome, Failure):
                shown.error, shown.hint = _installation.outcome.message, _installation.outcome.hint


def register() -> None:
    atexit.register(close)


def unregister() -> None:
    atexit.unregister(close)
    close()
