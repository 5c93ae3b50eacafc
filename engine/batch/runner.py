"""Make the skies of a shot list that are not there yet, losing nothing to whatever goes wrong."""

import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from ..errors import SkyloomError
from ..job import Job
from ..output.files import remove_leftovers
from ..output.header import read_request
from ..protocol import BatchProgress, BatchResult, Event, ShotEnd
from .crew import Alone, Crew, Outcome
from .gallery import Gallery
from .lock import locked
from .needs import check_needs
from .shots import Shot
from .summary import Summary


def run_batch(shots: Sequence[Shot], folder: Path, part: str = "", crew: Crew | None = None) -> Generator[Event]:
    """Make those of *shots* whose file in *folder* does not show that very job already.

    A shot that fails is noted, and the next one made. Yields a :class:`ShotEnd` per shot, :class:`BatchProgress` and at
    the end one :class:`BatchResult`. When the generator is closed or interrupted, all that has ended stays.
    part: what to call these shots if they are only some of a list: their summary is named after it, and there is no
    gallery, which is for the run over the whole list. crew: who makes them, this process if it is not given.

    Raises :class:`BadShots` before anything starts, :class:`BadRequest` if another batch makes one of these files,
    :class:`GenerationFailed` if the summary cannot be written, :class:`ClusterLost` if that happened to the crew.
    """
    folder = folder.expanduser().resolve()
    crew = crew or Alone()
    summary = Summary(folder, shots, f"summary-{part}" if part else "summary")
    names = [str(shot.exr.relative_to(folder)) for shot in shots]
    with locked(folder, [summary.file.name, *names]):
        remove_leftovers([summary.file, *(shot.exr for shot in shots)])
        finished = {shot.exr: shot for shot in shots if is_finished(shot)}
        todo = [shot for shot in shots if shot.exr not in finished]
        check_needs(todo, devices=crew.here)
        gallery = None if part else Gallery(folder)
        try:
            for event in _run(list(finished.values()), todo, folder, crew, summary):
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


def is_finished(shot: Shot) -> bool:
    """Whether the shot's EXR was made from this very job, as its header says, and its PNG is there too."""
    if not (shot.exr.is_file() and shot.exr.with_suffix(".png").is_file()):
        return False
    try:
        return Job.from_dict(read_request(shot.exr)) == shot.job
    except SkyloomError:  # not an EXR of ours, or of a version whose jobs were others
        return False


def _run(finished: Sequence[Shot], todo: Sequence[Shot], folder: Path, crew: Crew, summary: Summary) -> Iterator[Event]:
    for shot in finished:
        yield summary.end(shot, "skipped")
    running: dict[Path, float] = {}
    ended = 0
    started = time.monotonic()
    for shot, state in crew.make(todo, folder):
        if isinstance(state, Outcome):
            running.pop(shot.exr, None)
            ended += 1
            yield summary.end(shot, state.status, state.seconds, state.message, state.hint)
        else:
            running[shot.exr] = state
        yield _progress(summary, len(todo), ended + sum(running.values()), time.monotonic() - started)


def _progress(summary: Summary, todo: int, made: float, elapsed: float) -> BatchProgress:
    """made: of *todo* shots, with the shares of the running ones."""
    total, counts = len(summary.entries), summary.counts
    return BatchProgress(
        ended=total - counts["waiting"],
        failed=counts["failed"],
        total=total,
        fraction=1 - (todo - made) / total,
        seconds_left=elapsed / made * (todo - made) if 0 < made < todo else None,
    )
