"""The skies that were made: found by the jobs in their files' headers. Knows nothing of Blender."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from .engine.errors import BadRequest
from .engine.output.header import read_job

NEWEST = 500  # how far back a folder is looked through: what has more skies than that is a library


@dataclass(frozen=True, eq=False)
class Sky:
    """A panorama. made: when its file was written, in nanoseconds since 1970. job: as in :class:`engine.job.Job`."""

    path: Path
    made: int
    job: dict[str, Any]

    @property
    def picture(self) -> Path:
        """The tonemapped picture beside it, which may be missing."""
        return self.path.with_suffix(".png")

    def describe(self) -> str:
        """Everything one wants to know before clicking, a line each."""
        made = datetime.fromtimestamp(self.made / 1e9)
        size = f"{self.job['width']} x {self.job['width'] // 2} px, " if self.job.get("width") else ""
        model = Path(self.job.get("model", "")).name
        return f"{self.job['prompt']}\nSeed {self.job['seed']}, {size}{model}\n{made:%d %B %Y, %H:%M}"


def skies_in(folder: Path) -> list[Sky]:
    """The skies in *folder*, the newest first; empty if there is no such folder. Quick while nothing has changed."""
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except OSError:  # not there, or not ours to read
        return []


@lru_cache(maxsize=4)
def _listed(folder: Path, _changed: int) -> list[Sky]:
    newest = sorted(((entry.stat().st_mtime_ns, entry.path) for entry in _files(folder)), reverse=True)[:NEWEST]
    return [sky for made, path in newest if (sky := read_sky(Path(path), made))]


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name.endswith(".exr") and not entry.name.startswith("."))


def sky_at(path: Path) -> Sky | None:
    """The sky in the file at *path*; None if there is none."""
    return read_sky(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=4 * NEWEST)
def read_sky(path: Path, made: int) -> Sky | None:
    """The sky in the file at *path*, written at *made*; None if it is not one of ours."""
    try:
        job = read_job(path)
    except BadRequest:
        return None
    return Sky(path, made, job) if isinstance(job, dict) and {"prompt", "seed"} <= job.keys() else None
