"""The worker's end of a batch on Ray: makes one shot after the other, and sends what the head cannot see by itself."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..job import Job
from ..models.loading import WarmModel
from ..quiet import silence_libraries
from .crew import Outcome, make
from .gallery import show
from .lock import folder_mark

_PROGRESS_EVERY = 1.0  # seconds: of a thousand workers the head has to hear all


@dataclass(frozen=True)
class SentFile:
    """A file for the batch's folder: its *name* in there, with slashes. time: of its last change, nanoseconds."""

    name: str
    time: int
    content: bytes


class Worker:
    """One process with a GPU, or with a machine's cores, to itself, and with one warm model."""

    def __init__(self) -> None:
        silence_libraries()
        self._models = WarmModel()

    def version(self) -> str:
        """Of the engine here; the answer also says that this worker is up."""
        return __version__

    def make(self, job: dict[str, Any], name: str, folder: str, mark: str) -> Iterator[float | SentFile | Outcome]:
        """Make *job*, for the file *name* in the head's *folder*: how far it is, files to fetch, and how it ended.

        There are no files to fetch if this machine sees that very folder, which has the *mark*.
        """
        if mark and folder_mark(Path(folder)) == mark:
            yield from self._make(Job.from_dict(job), Path(folder), name)
            return
        with tempfile.TemporaryDirectory(prefix="skyloom-") as own:
            for state in self._make(Job.from_dict(job), Path(own), name):
                if isinstance(state, Outcome) and state.status == "done":
                    yield from _files(Path(own), name)
                yield state

    def _make(self, job: Job, folder: Path, name: str) -> Iterator[float | Outcome]:
        told = 0.0
        for state in make(job, folder / name, self._models):
            if isinstance(state, Outcome) and state.status == "done":
                show(folder, folder / name)  # here, because the head would not keep up with many workers
            if isinstance(state, Outcome) or time.monotonic() - told > _PROGRESS_EVERY:
                told = time.monotonic()
                yield state


def _files(folder: Path, name: str) -> Iterator[SentFile]:
    """All files in *folder*, that called *name* as the last one: where it is, the rest is too."""
    found = (file for file in folder.rglob("*") if file.is_file())
    for file in sorted(found, key=lambda file: file == folder / name):
        yield SentFile(file.relative_to(folder).as_posix(), file.stat().st_mtime_ns, file.read_bytes())
