"""Panoramas on their way: follows what the engine says until it ends. Knows nothing of Blender."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .engine.client import EngineClient
from .engine.errors import EngineLost
from .engine.job import Job
from .engine.protocol import Cancelled, Event, Failure, Lost, Notice, Preview, Progress, Ready, Result

CANCEL_PATIENCE = 5.0  # seconds; a step can take longer than that on a CPU, and then the process is ended

STAGES = {
    "load": "Loading the model",
    "poles": "Mending the poles",
    "refine": "Adding detail",
    "draw": "Drawing what is small",
    "decode": "Finishing the picture",
    "save": "Saving",
}


@dataclass
class Status:
    """What is told about the running or the last generation; scripts read it as ``wm.skyloom``.

    stage: what is being done, in words. fraction: share of the work that is done. seconds_left: None if unknown.
    preview: what the sky looks like so far. notice: what to know about a good result. error, hint: why it failed and
    what to do. result: the last file's path. results: those of all variations so far.
    """

    running: bool = False
    stage: str = ""
    fraction: float = 0.0
    seconds_left: float | None = None
    preview: Preview | None = None
    notice: str = ""
    error: str = ""
    hint: str = ""
    result: str = ""
    results: list[str] = field(default_factory=list)


Task = tuple[Job, Path]  # what to make, and the EXR to write


class Generation:
    """Tasks that are sent to the engine one after the other. ``outcome`` is None until the last has ended.

    warm: this engine has answered before, so if it ends without a word, its Python is not to blame.
    previews: ask for them.
    """

    def __init__(self, engine: EngineClient, tasks: Sequence[Task], warm: bool, previews: bool) -> None:
        self.status = Status(running=True, stage="Starting" if warm else "Starting the engine")
        self.outcome: Result | Failure | Cancelled | None = None
        self._engine = engine
        self._tasks = list(tasks)
        self._previews = previews
        self._answered = warm
        self._kill_at: float | None = None
        self._send_next()

    def cancel(self) -> None:
        """Ask the engine to stop; if it does not within :data:`CANCEL_PATIENCE`, its process is ended."""
        if self.outcome or self._kill_at:
            return
        self._kill_at = time.monotonic() + CANCEL_PATIENCE
        self.status.stage = "Cancelling"
        self.status.seconds_left = None
        try:
            self._engine.cancel()
        except EngineLost:
            self._end(Cancelled())

    def update(self, wait: float = 0.0) -> bool:
        """Take in what the engine said, waiting up to *wait* seconds for it. True if anything is new."""
        events = self._engine.poll(wait)
        for event in events:
            self._take(event)
        if self.outcome is None and self._kill_at and time.monotonic() > self._kill_at:
            self._engine.close(grace=0.0)
            self._end(Cancelled())
            return True
        return bool(events)

    def _take(self, event: Event) -> None:
        if self.outcome:
            return
        self._answered = self._answered or not isinstance(event, Lost)
        match event:
            case Ready():
                self._show("Starting")
            case Progress(stage=stage, step=step, total=total):
                self._show(STAGES.get(stage) or f"Step {step} of {total}")
                done, total = len(self.status.results), len(self._tasks)
                self.status.fraction = (done + event.fraction) / total
                self.status.seconds_left = None if self._kill_at or done + 1 < total else event.seconds_left
            case Preview():
                self.status.preview = event
            case Notice(message=message):
                self.status.notice = message
            case Result() | Failure() if self._kill_at:
                self._end(Cancelled())  # it came too late: the artist has said no
            case Result(exr=exr):
                self.status.result = exr
                self.status.results.append(exr)
                self.status.preview = None
                if len(self.status.results) == len(self._tasks):
                    self._end(event)
                else:
                    self._send_next()
            case Failure() | Cancelled():
                self._end(event)
            case Lost():
                self._end(Cancelled() if self._kill_at else self._explain(event))

    def _send_next(self) -> None:
        job, out = self._tasks[len(self.status.results)]
        try:
            self._engine.generate(job, out, self._previews)
        except EngineLost:
            self._engine.close(grace=1.0)  # the Lost event that follows tells what happened

    def _show(self, stage: str) -> None:
        if not self._kill_at:
            several = len(self._tasks) > 1
            place = f"Sky {len(self.status.results) + 1} of {len(self._tasks)} \N{MIDDLE DOT} " if several else ""
            self.status.stage = place + stage

    def _explain(self, lost: Lost) -> Failure:
        how = f"signal {-lost.status}" if lost.status < 0 else f"exit status {lost.status}"
        if self._answered:
            message = f"The engine was stopped in the middle ({how})."
            hint = "Generate again to restart it. If the computer ran out of memory, choose a smaller size."
        else:
            message = f"The engine ended before it was ready ({how})."
            hint = "Check the engine's Python in the add-on's preferences."
        return Failure.of(EngineLost(message, f"{hint} The engine's log is {self._engine.log}"))

    def _end(self, outcome: Result | Failure | Cancelled) -> None:
        self.outcome = outcome
        self.status.running = False
        self.status.preview = None
        if isinstance(outcome, Failure):
            self.status.error, self.status.hint = outcome.message, outcome.hint
