"""Who makes the shots of a batch. A crew is this process alone (:class:`Alone`), or a cluster (``ray_crew.py``)."""

import logging
import time
from collections.abc import Generator, Hashable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..devices import choose_device
from ..errors import SkyloomError
from ..job import Job
from ..models.loading import WarmModel
from ..models.model import Model
from ..pipeline import generate
from ..plan import Plan, plan
from ..protocol import Notice, Progress, ShotStatus
from .lockstep import Lockstep
from .shots import Shot
from .trial import Trial

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
    """This process. together: how many shots that are alike it makes side by side; if not given, as many as fill a call
    of the network on their device, or one by one where that proves to be faster."""

    here = True

    def __init__(self, together: int | None = None) -> None:
        self._together = together

    def make(self, shots: Sequence[Shot], folder: Path) -> Generator[tuple[Shot, float | Outcome]]:
        models = WarmModel()
        for group in alike(shots):
            known = self._look(group[0].job, models)
            filling = panoramas_per_call(known[1]) if known else 1
            trial = Trial((self._together,) if self._together else (1, filling))
            while group:
                count = trial.count
                rows, group = group[:count], group[count:]
                started, whole = time.monotonic(), True
                making = _side_by_side(rows, models, *known) if known and len(rows) > 1 else _one_by_one(rows, models)
                with closing(making):
                    for shot, state in making:
                        whole = whole and not (isinstance(state, Outcome) and state.status == "failed")
                        yield shot, state
                if whole:  # one that failed may have ended early
                    trial.took(len(rows), time.monotonic() - started)

    def _look(self, job: Job, models: WarmModel) -> tuple[Model, Plan] | None:
        """The model and the plan of shots like *job*; None if they are made one by one whatever these are."""
        try:
            device = choose_device(job.device)
            if job.sampler == "full":
                return None
            model = models.for_job(job, device)
            return model, plan(job, model)
        except Exception as error:  # each of the shots will tell
            log.info("no shots side by side: %s", error)
            return None


def panoramas_per_call(todo: Plan) -> int:
    """How many panoramas like *todo* fill a call of the network. One that grows in stages fills it by itself, and is
    large."""
    return 1 if todo.stages else max(1, todo.call // len(todo.windows))


def _one_by_one(shots: Sequence[Shot], models: WarmModel) -> Generator[tuple[Shot, float | Outcome]]:
    for shot in shots:
        for state in make(shot.job, shot.exr, models):
            yield shot, state


def _side_by_side(
    shots: Sequence[Shot], models: WarmModel, model: Model, todo: Plan
) -> Generator[tuple[Shot, float | Outcome]]:
    lockstep = Lockstep(2 * todo.call)  # each window with and without the prompt
    rows = [make(shot.job, shot.exr, models) for shot in shots]
    try:
        with model.gathering(lockstep.network):
            for states in lockstep.run(rows):
                for shot, state in zip(shots, states, strict=True):
                    if state is not None:
                        yield shot, state
    finally:
        for row in rows:
            row.close()


def make(job: Job, exr: Path, models: WarmModel) -> Generator[float | Outcome]:
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


def alike(shots: Iterable[Shot]) -> list[list[Shot]]:
    """Those together that differ in their words and seed only; the groups of one model after each other."""
    groups: dict[Job, list[Shot]] = {}
    for shot in by_model(shots):
        groups.setdefault(replace(shot.job, prompt="any", negative="", seed=0), []).append(shot)
    return list(groups.values())
