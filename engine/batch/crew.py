"""Who makes the shots of a batch. A crew is this process alone (:class:`Alone`), or a cluster (``ray_crew.py``)."""

import logging
import time
from collections.abc import Generator, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import SkyloomError
from ..job import Job
from ..models.loading import WarmModel
from ..pipeline import generate
from ..protocol import Notice, Progress, ShotStatus
from .shots import Shot

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a shot ended, ``"done"`` or ``"failed"``. message, hint: why it failed, or what to know about a good one."""

    status: ShotStatus
    seconds: float = 0.0
    message: str = ""
    hint: str = ""


class Crew(Protocol):
    """Makes shots. here: on this machine, whose devices must therefore be those that the shots name."""

    here: bool

    def make(self, shots: Sequence[Shot], folder: Path) -> Generator[tuple[Shot, float | Outcome]]:
        """Make all of *shots* in *folder*, in any order: how far one is, in [0, 1], and once how it ended.

        When the generator is closed, nothing that was begun goes on. Raises only what ends the whole batch.
        """


class Alone:
    """This process, which makes one shot after the other."""

    here = True

    def make(self, shots: Sequence[Shot], folder: Path) -> Generator[tuple[Shot, float | Outcome]]:
        models = WarmModel()
        for shot in by_model(shots):
            for state in make(shot.job, shot.exr, models):
                yield shot, state


def make(job: Job, exr: Path, models: WarmModel) -> Iterator[float | Outcome]:
    """Make one sky: how far it is, in [0, 1], and at the end how it ended, whatever goes wrong."""
    started = time.monotonic()
    notices: list[str] = []

    def outcome(status: ShotStatus, message: str, hint: str = "") -> Outcome:
        return Outcome(status=status, seconds=time.monotonic() - started, message=message, hint=hint)

    try:
        for event in generate(job, exr, models):
            if isinstance(event, Progress):
                yield event.fraction
            elif isinstance(event, Notice):
                notices.append(event.message)
    except SkyloomError as error:
        log.info("%s failed: %s", exr.name, error)
        yield outcome("failed", error.message, error.hint)
    except Exception as error:  # a bug in one shot must not take the others with it
        log.exception("%s", exr.name)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        yield outcome("failed", f"Something unexpected went wrong ({reason}).")
    else:
        yield outcome("done", " ".join(notices))


def model_of(job: Job) -> Hashable:
    """What :class:`WarmModel` tells models apart by: jobs with the same one need a single load."""
    return job.model, job.device, job.loras, job.embeddings, job.control


def by_model(shots: Iterable[Shot]) -> list[Shot]:
    """In the order of the list, but the shots of one model together: it is loaded once."""
    groups: dict[Hashable, list[Shot]] = {}
    for shot in shots:
        groups.setdefault(model_of(shot.job), []).append(shot)
    return [shot for group in groups.values() for shot in group]
