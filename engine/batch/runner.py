"""Make the skies of a shot list, one after the other and model by model, losing nothing to whatever goes wrong."""

import logging
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

from ..devices import choose_device
from ..errors import SkyloomError
from ..job import Job
from ..models.folder import find_model
from ..models.loading import WarmModel
from ..output.files import remove_leftovers
from ..output.header import read_request
from ..pipeline import generate
from ..protocol import BatchProgress, BatchResult, Event, Notice, Progress, ShotEnd
from .gallery import Gallery
from .lock import locked
from .shots import BadShots, Shot
from .summary import Summary

log = logging.getLogger(__name__)


def run_batch(shots: Sequence[Shot], folder: Path, part: str = "") -> Generator[Event]:
    """Make those of *shots* whose file in *folder* does not show that very job already.

    A shot that fails is noted, and the next one made. Yields a :class:`ShotEnd` per shot, :class:`BatchProgress` and at
    the end one :class:`BatchResult`. When the generator is closed or interrupted, all that has ended stays.
    part: what to call these shots if they are only some of a list: their summary is named after it, and there is no
    gallery, which is for the run over the whole list.

    Raises :class:`BadShots` before anything starts, :class:`BadRequest` if another batch makes one of these files,
    :class:`GenerationFailed` if the summary cannot be written.
    """
    folder = folder.expanduser().resolve()
    summary = Summary(folder, shots, f"summary-{part}" if part else "summary")
    names = [str(shot.exr.relative_to(folder)) for shot in shots]
    with locked(folder, [summary.file.name, *names]):
        remove_leftovers([summary.file, *(shot.exr for shot in shots)])
        finished = {shot.exr: shot for shot in shots if is_finished(shot)}
        todo = _by_model(shot for shot in shots if shot.exr not in finished)
        check_models(todo)
        gallery = None if part else Gallery(folder)
        try:
            for event in _run(list(finished.values()), todo, summary):
                if gallery and isinstance(event, ShotEnd) and event.status != "failed":
                    gallery.add(Path(event.exr))
                yield event
        finally:
            summary.save()
        counts = summary.counts
        yield BatchResult(
            done=counts["done"],
            skipped=counts["skipped"],
            failed=counts["failed"],
            summary=str(summary.file),
            gallery=str(gallery.write(names)) if gallery else None,
        )


def check_models(shots: Sequence[Shot]) -> None:
    """See that every model and device that *shots* name is there. Raises :class:`BadShots`."""
    problems: list[str] = []
    answers: dict[tuple[str, str], str] = {}
    for shot in shots:
        wanted = shot.job.model, shot.job.device
        if wanted not in answers:
            answers[wanted] = _problem_of(*wanted)
        told = f"line {shot.line}: {answers[wanted]}"
        if answers[wanted] and told not in problems[-1:]:  # once for the seeds of a row
            problems.append(told)
    if problems:
        raise BadShots("\n".join(["The shots cannot be made; nothing was started.", *problems]))


def _problem_of(model: str, device: str) -> str:
    try:
        find_model(model)
        choose_device(device)
    except SkyloomError as error:
        return str(error)
    return ""


def is_finished(shot: Shot) -> bool:
    """Whether the shot's EXR was made from this very job, as its header says, and its PNG is there too."""
    if not (shot.exr.is_file() and shot.exr.with_suffix(".png").is_file()):
        return False
    try:
        return Job.from_dict(read_request(shot.exr)) == shot.job
    except SkyloomError:  # not an EXR of ours, or of a version whose jobs were others
        return False


def _by_model(shots: Iterable[Shot]) -> list[Shot]:
    """In the order of the list, but the shots of one model together: it is loaded once."""
    groups: dict[tuple[str, str], list[Shot]] = {}
    for shot in shots:
        groups.setdefault((shot.job.model, shot.job.device), []).append(shot)
    return [shot for group in groups.values() for shot in group]


def _run(finished: Sequence[Shot], todo: Sequence[Shot], summary: Summary) -> Iterator[Event]:
    for shot in finished:
        yield summary.end(shot, "skipped")
    models = WarmModel()
    started = time.monotonic()
    for index, shot in enumerate(todo):
        for event in _make(shot, summary, models):
            share = 1.0
            if isinstance(event, Progress):
                share = event.fraction
            else:
                yield event
            yield _progress(summary, len(todo), index + share, time.monotonic() - started)


def _make(shot: Shot, summary: Summary, models: WarmModel) -> Iterator[Event]:
    """The progress of one shot, and its end."""
    started = time.monotonic()
    notices: list[str] = []
    try:
        for event in generate(shot.job, shot.exr, models):
            if isinstance(event, Progress):
                yield event
            elif isinstance(event, Notice):
                notices.append(event.message)
    except SkyloomError as error:
        log.info("line %d failed: %s", shot.line, error)
        yield summary.end(shot, "failed", time.monotonic() - started, error.message, error.hint)
    except Exception as error:  # a bug in one shot must not take the others with it
        log.exception("line %d", shot.line)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        yield summary.end(shot, "failed", time.monotonic() - started, f"Something unexpected went wrong ({reason}).")
    else:
        yield summary.end(shot, "done", time.monotonic() - started, " ".join(notices))


def _progress(summary: Summary, todo: int, made: float, elapsed: float) -> BatchProgress:
    """made: of *todo* shots, with the running one's share."""
    total, counts = len(summary.entries), summary.counts
    return BatchProgress(
        ended=total - counts["waiting"],
        failed=counts["failed"],
        total=total,
        fraction=1 - (todo - made) / total,
        seconds_left=elapsed / made * (todo - made) if 0 < made < todo else None,
    )
