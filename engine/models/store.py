"""The folder of downloaded models: a folder for each, with a record of what it was made of. Standard library only.

A model is there or it is not: it is put together in a folder of its own beside them and renamed when whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..assets import ASSETS
from ..byte_locks import lock_bytes
from ..environment import models_folder
from ..errors import BadModel, BadRequest, DownloadFailed
from ..job import BUNDLED_MODEL
from .catalogue import Entry, catalogue

LIST = "`python -m engine models list` shows what is there."
RECORD = "download.json"  # in a model's folder
PARTIAL = ".partial"  # beside the models: what is being downloaded
_CHUNK = 1 << 20  # bytes


@dataclass
class Record:
    """Where a model came from. files: what the hub stated of each, as ``sha256:`` or ``git:`` and the digest."""

    repository: str = ""
    commit: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        whole = folder / f"{RECORD}.new"
        whole.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        os.replace(whole, folder / RECORD)


def read_record(folder: Path) -> Record | None:
    """The record in *folder*; None if there is none that can be read."""
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def find_entry(name: str) -> Entry:
    """The model *name* of the catalogue. Raises :class:`BadRequest`."""
    entry = catalogue().get(name)
    if entry is None:
        raise BadRequest(f"There is no model '{name}' in the catalogue.", f"It has {', '.join(catalogue())}.")
    return entry


def is_name(name: str) -> bool:
    """Whether *name* is a model's of the catalogue, and not a path."""
    return name in catalogue()


def installed(entry: Entry) -> Path | None:
    """The folder of *entry*, a LoRA's file; None if it is not downloaded."""
    folder = models_folder() / entry.name
    path = folder / entry.file if entry.file else folder
    return path if (folder / RECORD).is_file() and path.exists() else None


def located(name: str, kind: str) -> Path:
    """The path of what *name* stands for: of the bundled model, of the catalogue's model or LoRA, or a path as it is.

    Raises :class:`BadModel` if it is of another kind, or not downloaded.
    """
    if name == BUNDLED_MODEL and kind == "model":
        return ASSETS / BUNDLED_MODEL
    if not is_name(name):
        return Path(name).expanduser()
    entry = catalogue()[name]
    if entry.kind != kind:
        raise BadModel(f"'{name}' is a {entry.kind}, not a {kind}.", "Choose another one.")
    path = installed(entry)
    if path is None:
        raise BadModel(
            f"The {kind} '{name}', {entry.title}, is not downloaded.",
            f"Download it in the panel, or with `python -m engine models download {name}`.",
        )
    return path


def started_bytes(entry: Entry) -> int:
    """What an interrupted download of *entry* left behind."""
    return sum(file.stat().st_size for file in (models_folder() / PARTIAL / entry.name).rglob("*") if file.is_file())


@contextmanager
def held(entry: Entry) -> Iterator[Path]:
    """Yield the folder in which *entry* is put together, held for this process alone.

    Raises :class:`BadRequest` if another process holds it, :class:`DownloadFailed` for what the file system refuses.
    """
    root = models_folder() / PARTIAL
    try:
        root.mkdir(parents=True, exist_ok=True)
        with open(root / f"{entry.name}.lock", "ab") as handle:
            try:
                lock_bytes(handle.fileno(), range(1))
            except OSError as error:
                raise BadRequest(f"{entry.title} is being downloaded already.", "Wait for that to end.") from error
            yield root / entry.name
    except OSError as error:
        raise DownloadFailed(
            f"The folder of models, {models_folder()}, refuses a change ({error.strerror or error}).",
            "Free some space, close what uses the model, or see who may write there. Then try again.",
        ) from error


def remove(entry: Entry) -> int:
    """Delete the model and what an interrupted download of it left; returns the bytes that this frees.

    Raises :class:`BadRequest` if there is nothing to delete, and what :func:`held` raises.
    """
    if entry.bundled:
        raise BadRequest(f"'{entry.name}' comes with Skyloom and cannot be removed.")
    with held(entry) as partial:
        folder, going = models_folder() / entry.name, partial.with_name(f"{entry.name}.removed")
        if folder.exists():
            shutil.rmtree(going, ignore_errors=True)
            os.replace(folder, going)  # by its name it is gone at once, and not bit by bit
        places = [place for place in (going, partial) if place.exists()]
        if not places:
            raise BadRequest(f"The model '{entry.name}' is not downloaded.", LIST)
        freed = sum(file.stat().st_size for place in places for file in place.rglob("*") if file.is_file())
        for place in places:
            shutil.rmtree(place)
    return freed


def damaged(folder: Path, record: Record) -> Iterator[tuple[str, bool]]:
    """Each file of *record* in *folder*, and whether it is missing or not what the hub stated."""
    for path, digest in record.files.items():
        file = folder / path
        yield path, not file.is_file() or digest_of(file, digest.partition(":")[0]) != digest


def digest_of(file: Path, kind: str, tick: Callable[[], None] = lambda: None) -> str:
    """The digest of *file*: its SHA-256, or what git calls it, which is how the hub states small files.

    tick: called now and then.
    """
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % file.stat().st_size)
    with open(file, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
            tick()
    return f"{kind}:{digest.hexdigest()}"
