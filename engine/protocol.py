"""The messages between Blender and the engine: one JSON object a line, both ways. Standard library only.

To the engine (stdin): ``{"request": "generate", "job": {...}, "out": "/path/sky.exr", "previews": false}`` and
``{"request": "cancel"}``; closing stdin ends the engine. ``{"request": "draw", "layout": {...}, "height": 128}`` is
answered by one ``preview`` or ``error``. From the engine (stdout): the events below, each with its name under
``"event"``. One generation runs at a time; it ends with exactly one ``result``, ``error`` or ``cancelled``.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from .errors import SkyloomError

Stage = Literal["load", "sample", "poles", "refine", "draw", "decode", "save"]
ShotStatus = Literal["waiting", "skipped", "done", "failed"]
Verdict = Literal["ok", "note", "wrong"]
DownloadStage = Literal["download", "check"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of what the engine says."""

    event: ClassVar[str]

    def to_line(self) -> str:
        return json.dumps({"event": self.event, **asdict(self)}, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Ready(Event):
    """The process is up and takes requests. version: of the engine; device: what it would choose by itself."""

    event: ClassVar[str] = "ready"
    version: str
    device: str


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """*step* of *total* units of *stage* are done; fraction of the whole job in [0, 1]; seconds_left may be unknown."""

    event: ClassVar[str] = "progress"
    stage: Stage
    step: int
    total: int
    fraction: float
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True)
class Preview(Event):
    """What the panorama looks like so far, small; sent a few times a second at most, and only if asked for.

    pixels: *height* rows of *width* pixels from the top row down, each three little-endian half floats, scene-linear
    Rec.709, in base64. In the message and not in a file, so that nothing is left behind whoever ends when.
    """

    event: ClassVar[str] = "preview"
    width: int
    height: int
    pixels: str


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something the user should know that does not stop the job, such as a prompt that is too long."""

    event: ClassVar[str] = "warning"
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Result(Event):
    """The panorama is on disk, whole. job: complete, with every default filled in. light: see :class:`FoundLight`."""

    event: ClassVar[str] = "result"
    exr: str
    png: str
    width: int
    height: int
    seconds: float
    job: dict[str, Any]
    light: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Failure(Event):
    """The job failed. See :mod:`engine.errors` for the codes."""

    event: ClassVar[str] = "error"
    code: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: SkyloomError) -> "Failure":
        return cls(code=error.code, message=error.message, hint=error.hint)

    def to_error(self) -> SkyloomError:
        """The error on this side of the pipe, of the class whose code it has."""
        kinds: list[type[SkyloomError]] = [SkyloomError]
        for kind in kinds:
            kinds.extend(kind.__subclasses__())
        return next((kind for kind in kinds if kind.code == self.code), SkyloomError)(self.message, self.hint)


@dataclass(frozen=True, kw_only=True)
class Cancelled(Event):
    """The job was stopped on request; nothing was written."""

    event: ClassVar[str] = "cancelled"


@dataclass(frozen=True, kw_only=True)
class ShotEnd(Event):
    """One shot of a batch has ended: made, failed, or skipped because its file shows that very job already.

    line: of the shot list. message, hint: why it failed, or what to know about a good one.
    """

    event: ClassVar[str] = "shot"
    line: int
    exr: str
    status: ShotStatus
    seconds: float = 0.0
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class BatchProgress(Event):
    """*ended* of *total* shots have ended, *failed* of them badly; fraction in [0, 1] counts the running one too."""

    event: ClassVar[str] = "batch"
    ended: int
    failed: int
    total: int
    fraction: float
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True)
class BatchResult(Event):
    """The batch is through. summary: the JSON file that tells what happened to each shot, with a table beside it.

    gallery: the page to look at the skies with; None for a part of a list.
    """

    event: ClassVar[str] = "batch_result"
    done: int
    skipped: int
    failed: int
    summary: str
    gallery: str | None


@dataclass(frozen=True, kw_only=True)
class DownloadProgress(Event):
    """*done* of *total* bytes of a model are there, or, in the stage ``check``, compared with what they should be."""

    event: ClassVar[str] = "download"
    model: str
    stage: DownloadStage
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True)
class Downloaded(Event):
    """The model is there, whole and checked. path: its folder, a LoRA's file. repository: the mirror it came from."""

    event: ClassVar[str] = "downloaded"
    model: str
    path: str
    repository: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Work(Event):
    """What a set-up of the engine is doing, in words. fraction in [0, 1]; done, total: bytes, 0 if unknown."""

    event: ClassVar[str] = "work"
    task: str
    fraction: float
    done: int = 0
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """Work is through. path: of the engine's Python, of the folder that is gone, or of what was made."""

    event: ClassVar[str] = "finished"
    path: str


@dataclass(frozen=True, kw_only=True)
class Finding(Event):
    """Of the doctor. verdict: ``ok``; ``note``, which explains what may come; ``wrong``, which stops the engine."""

    event: ClassVar[str] = "finding"
    verdict: Verdict
    message: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Lost(Event):
    """Made by the client: the engine's process ended. detail: the last lines of its log."""

    event: ClassVar[str] = "lost"
    status: int
    detail: str = ""


_KINDS = (
    *(Ready, Progress, Preview, Notice, Result, Failure, Cancelled, ShotEnd, BatchProgress, BatchResult),
    *(DownloadProgress, Downloaded, Work, Finished, Finding, Lost),
)
EVENTS: dict[str, type[Event]] = {kind.event: kind for kind in _KINDS}


def parse_event(line: str) -> Event | None:
    """The event on *line*, or None for what is not one (a library that prints). Unknown fields are ignored."""
    try:
        values = json.loads(line)
    except ValueError:
        return None
    kind = EVENTS.get(values.pop("event", None)) if isinstance(values, dict) else None
    if kind is None:
        return None
    return kind(**{name: value for name, value in values.items() if name in kind.__dataclass_fields__})
