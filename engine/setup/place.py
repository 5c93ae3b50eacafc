"""The folder that the engine is installed in, and what state it is in."""

import json
import os
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from .. import __version__
from ..output.files import whole_file
from .builds import Build, builds_here
from .lock import digest


class State(Enum):
    """Of an engine's folder."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"  # its making was cancelled or broke off
    OUTDATED = "outdated"  # made by another version of Skyloom, from other packages
    BROKEN = "broken"  # its Python is gone
    READY = "ready"


@dataclass(frozen=True)
class Record:
    """Written last, so an environment without one is not finished. digest: see :func:`engine.setup.lock.digest`.

    size: of the whole folder in bytes, as it was made.
    """

    version: str
    build: str
    digest: str
    size: int


@dataclass(frozen=True)
class EngineFolder:
    """*path* holds all of it: the environment, and while it is made, what was downloaded."""

    path: Path

    @property
    def environment(self) -> Path:
        return self.path / "environment"

    @property
    def downloads(self) -> Path:
        return self.path / "downloads"

    @property
    def temporary(self) -> Path:
        """Where the installer has its temporary files."""
        return self.downloads / "temporary"

    @property
    def python(self) -> Path:
        """The environment's interpreter, whether it is there or not."""
        return self.environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def _record(self) -> Path:
        return self.path / "engine.json"

    def is_ours(self) -> bool:
        """Whether it holds an engine, whole or not, or nothing: what may be written to and deleted."""
        ours = {self.environment, self.downloads, self._record}
        return not self.path.exists() or ours.issuperset(self.path.iterdir())

    def record(self) -> Record | None:
        """What the environment is, None if it is not finished."""
        try:
            return Record(**json.loads(self._record.read_text("utf-8")))
        except (OSError, ValueError, TypeError):  # none, or damaged: the environment is made anew then
            return None

    def state(self) -> State:
        """What is there, as its record and its files tell."""
        record = self.record()
        if record is None:
            return State.INCOMPLETE if self.path.exists() else State.MISSING
        if not self.python.is_file():  # a link to Blender's Python, which another version of Blender has elsewhere
            return State.BROKEN
        build = builds_here().get(record.build)
        return State.READY if build and record.digest == digest(build) else State.OUTDATED

    def open_for_work(self) -> None:
        """Take the record away: from here on the environment is unfinished."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._record.unlink(missing_ok=True)

    def close_after_work(self, build: Build) -> None:
        """Write the record: the environment is whole."""
        with whole_file(self._record) as partial:
            record = Record(__version__, build.name, digest(build), tree_bytes(self.path))
            partial.write_text(json.dumps(asdict(record)), encoding="utf-8")


def tree_bytes(folder: Path) -> int:
    """Bytes in all files below *folder*; a file with several names counts once. A file that goes away is left out."""
    total = 0.0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(parent, name))
            except OSError:
                continue
            total += status.st_size / max(1, status.st_nlink)
    return round(total)
