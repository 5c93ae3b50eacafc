"""A model of the catalogue, downloaded: mirror after mirror, file after file, until it is there whole and checked."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ..environment import models_folder
from ..errors import BadModel, DownloadFailed, ModelGone, NoRoom, Offline
from ..protocol import Downloaded, DownloadProgress, DownloadStage, Event, Notice
from .catalogue import Entry
from .folder import find_model, find_weights
from .hub import HubFile, Repository, fetch, files_of_parts, look_up
from .parts import parts_of
from .store import Record, digest_of, held, installed, read_record

_INTERVAL = 0.25  # seconds between two reports


def download(entry: Entry, say: Callable[[Event], None]) -> Downloaded:
    """Download *entry* into the folder of models, unless it is there, and tell the progress.

    It can be interrupted at any time and goes on in the next call. Raises :class:`DownloadFailed`, of the class that
    fits the cause, :class:`NoRoom`, and :class:`BadRequest` if another process is at it.
    """
    started = time.monotonic()
    with held(entry) as partial:
        if not installed(entry):
            _from_mirrors(entry, partial, say)
        path = installed(entry)
        record = read_record(models_folder() / entry.name)
        assert path and record
    return Downloaded(
        model=entry.name, path=str(path), repository=record.repository, seconds=round(time.monotonic() - started, 1)
    )


def _from_mirrors(entry: Entry, partial: Path, say: Callable[[Event], None]) -> None:
    failures: list[DownloadFailed] = []
    for mirror in entry.mirrors:
        if failures:
            say(Notice(code="next_mirror", message=f"{failures[-1].message}: trying {mirror.repository}"))
        try:
            _from_mirror(entry, look_up(mirror), partial, say)
            return
        except Offline:
            raise  # another mirror cannot help
        except DownloadFailed as error:
            failures.append(error)
    raise _summed_up(entry, failures)


def _from_mirror(entry: Entry, repository: Repository, partial: Path, say: Callable[[Event], None]) -> None:
    partial.mkdir(parents=True, exist_ok=True)
    record = read_record(partial) or Record()
    record.repository, record.commit = repository.name, repository.commit
    files = _wanted(entry, repository, partial, record)
    missing = [file for file in files if not _is_there(file, partial, record)]
    _check_space(entry, missing, partial)
    report = _Report(entry.name, files, say)
    report.skip(sum(file.size for file in files) - sum(file.size for file in missing))
    for file in missing:
        _complete(repository, file, partial, record, report)
    record.files = {file.path: file.digest for file in files}
    _keep_only(record, partial)
    record.write(partial)
    try:
        _ = find_weights(str(partial / entry.file)) if entry.file else find_model(str(partial))
    except BadModel as error:
        raise DownloadFailed(f"{repository.name} holds no model that can be used: {error.message}") from error
    os.replace(partial, models_folder() / entry.name)


def _wanted(entry: Entry, repository: Repository, partial: Path, record: Record) -> list[HubFile]:
    """The files of *repository* to download, which are those that the catalogue expects."""
    first = entry.file or "model_index.json"
    if first not in repository.files:
        raise ModelGone(f"{repository.name} has no {first}")
    if entry.file:
        files = [repository.files[first]]
    else:
        index = repository.files[first]
        if not _is_there(index, partial, record):
            _complete(repository, index, partial, record, _Report(entry.name, [index], lambda _event: None))
        try:
            parts = parts_of(json.loads((partial / first).read_text(encoding="utf-8")))
        except (ValueError, AttributeError) as error:
            raise DownloadFailed(f"{repository.name} has no readable {first}") from error
        files = [index, *files_of_parts(repository, parts)]
    stated = {file.path: file.digest for file in files}
    for path, digest in entry.sha256.items():
        if stated.get(path) != f"sha256:{digest}":
            raise DownloadFailed(f"{repository.name} has another {path} than the catalogue expects")
    return files


def _is_there(file: HubFile, partial: Path, record: Record) -> bool:
    there = partial / file.path
    return record.files.get(file.path) == file.digest and there.is_file() and there.stat().st_size == file.size


def _complete(repository: Repository, file: HubFile, partial: Path, record: Record, report: "_Report") -> None:
    """Download *file* and put it in its place once its checksum is right."""
    path = partial / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(file, partial)
    fetch(repository, file, part, report.downloading)
    if digest_of(part, file.digest.partition(":")[0], report.checking) != file.digest:
        part.unlink()
        raise DownloadFailed(f"{repository.name} sent a damaged {file.path}: its checksum is wrong")
    os.replace(part, path)
    record.files[file.path] = file.digest
    record.write(partial)
    report.finish(file)


def _part(file: HubFile, partial: Path) -> Path:
    """Where the bytes of *file* gather. Named after its content, so that any mirror can go on with it."""
    return partial / f"{file.path}.{file.digest.partition(':')[2][:16]}.part"


def _check_space(entry: Entry, missing: list[HubFile], partial: Path) -> None:
    parts = [_part(file, partial) for file in missing]
    needed = sum(file.size for file in missing) - sum(part.stat().st_size for part in parts if part.is_file())
    free = shutil.disk_usage(partial).free
    if needed > free:
        raise NoRoom(
            f"The disk of {models_folder()} has too little room for {entry.title}: "
            f"{needed / 1e9:.2f} GB are needed, {free / 1e9:.2f} GB are free.",
            "Free some space and try again.",
        )


def _keep_only(record: Record, partial: Path) -> None:
    """Delete what other mirrors left that does not belong to this one's model."""
    kept = {partial / path for path in record.files}
    for file in [file for file in partial.rglob("*") if file.is_file() and file not in kept]:
        file.unlink()


def _summed_up(entry: Entry, failures: list[DownloadFailed]) -> DownloadFailed:
    """One error for the mirrors' *failures*: of their class if they agree, with the hint that fits."""
    kinds = {type(failure) for failure in failures}
    kind = kinds.pop() if len(kinds) == 1 else DownloadFailed
    reasons = "; ".join(failure.message.rstrip(".") for failure in failures)
    if any(type(failure) is DownloadFailed for failure in failures):
        hint = "See whether this computer is online, and try again: it goes on where it stopped."
    else:
        hint = (
            "Look for a newer version of Skyloom, whose catalogue may know another place, or download the model from "
            f"elsewhere and choose its folder or file ({entry.page})."
        )
    return kind(f"{entry.title} could not be downloaded: {reasons}.", hint)


class _Report:
    """Tells the progress of all *files* of a model together."""

    def __init__(self, model: str, files: list[HubFile], say: Callable[[Event], None]) -> None:
        self._model, self._say = model, say
        self._total = sum(file.size for file in files)
        self._finished = 0  # bytes of files that are in their place
        self._resumed: tuple[float, int] | None = None  # when and where this run began
        self._told = 0.0

    def skip(self, done: int) -> None:
        """*done* bytes are there from an earlier run."""
        self._finished = done

    def finish(self, file: HubFile) -> None:
        self._finished += file.size

    def downloading(self, done: int) -> None:
        self._tell("download", self._finished + done)

    def checking(self) -> None:
        self._tell("check", self._finished)

    def _tell(self, stage: DownloadStage, done: int) -> None:
        now = time.monotonic()
        began, first = self._resumed = self._resumed or (now, done)
        if now - self._told < _INTERVAL and done < self._total:
            return
        self._told = now
        rate = (done - first) / (now - began) if now - began > 1 else 0
        left = round((self._total - done) / rate, 1) if rate else None
        self._say(DownloadProgress(model=self._model, stage=stage, done=done, total=self._total, seconds_left=left))
