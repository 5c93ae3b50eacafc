"""The messages between Blender and the engine: one JSON object a line, both ways. Standard library only.

To the engine (stdin): ``{"request": "generate", "job": {...}, "out": "/path/sky.exr"}`` and ``{"request": "cancel"}``;
closing stdin ends the engine. From the engine (stdout): the events below, each with its name under ``"event"``.
One generation runs at a time; it ends with exactly one ``result``, ``error`` or ``cancelled``.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from .errors import SkyloomError

Stage = Literal["load", "sample", "decode", "save"]


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
class Notice(Event):
    """Something the user should know that does not stop the job, such as a prompt that is too long."""

    event: ClassVar[str] = "warning"
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Result(Event):
    """The panorama is on disk, whole. job: complete, with every default filled in."""

    event: ClassVar[str] = "result"
    exr: str
    png: str
    width: int
    height: int
    seconds: float
    job: dict[str, Any]


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


@dataclass(frozen=True, kw_only=True)
class Cancelled(Event):
    """The job was stopped on request; nothing was written."""

    event: ClassVar[str] = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Lost(Event):
    """Made by the client: the engine's process ended. detail: the last lines of its log."""

    event: ClassVar[str] = "lost"
    status: int
    detail: str = field(default="")


EVENTS: dict[str, type[Event]] = {
    kind.event: kind for kind in (Ready, Progress, Notice, Result, Failure, Cancelled, Lost)
}


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
