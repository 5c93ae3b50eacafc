"""What happened to each shot: ``summary.json`` for programs and ``summary.txt`` for people."""

import json
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import GenerationFailed
from ..output.files import whole_file
from ..protocol import ShotEnd, ShotStatus
from .shots import Shot

log = logging.getLogger(__name__)

# Seconds between two savings on the way, and how many times longer that is than a saving took: writing the summary of a
# hundred thousand shots takes seconds.
_SAVE_EVERY, _SAVE_SHARE = 10.0, 20


@dataclass
class Entry:
    """A shot and how it ended."""

    shot: Shot
    status: ShotStatus = "waiting"
    seconds: float = 0.0
    message: str = ""
    hint: str = ""


class Summary:
    """The entries of a batch in the order of its list. file: where they are kept as JSON. counts: per status."""

    def __init__(self, folder: Path, shots: Sequence[Shot], stem: str) -> None:
        self.file = folder / f"{stem}.json"
        self.entries = {shot.exr: Entry(shot) for shot in shots}
        self.counts: Counter[ShotStatus] = Counter({"waiting": len(shots)})
        self._folder = folder
        self._next_save = time.monotonic() + _SAVE_EVERY

    def end(self, shot: Shot, status: ShotStatus, seconds: float = 0.0, message: str = "", hint: str = "") -> ShotEnd:
        """Note how *shot* ended, and say so."""
        self.counts[self.entries[shot.exr].status] -= 1
        self.counts[status] += 1
        self.entries[shot.exr] = Entry(shot, status, round(seconds, 2), message, hint)
        if time.monotonic() > self._next_save:
            try:
                self.save()
            except GenerationFailed as error:  # a disk that is full now may not be at the end
                log.warning("%s", error)
                self._next_save = time.monotonic() + _SAVE_EVERY
        return ShotEnd(
            line=shot.line, exr=str(shot.exr), status=status, seconds=round(seconds, 2), message=message, hint=hint
        )

    def save(self) -> None:
        """Write both files. Raises :class:`GenerationFailed` if the file system refuses; the old ones stay then."""
        started = time.monotonic()
        document = {"version": __version__, "shots": [self._to_dict(entry) for entry in self.entries.values()]}
        with whole_file(self.file) as partial:
            partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        with whole_file(self.file.with_suffix(".txt")) as partial:
            partial.write_text(self.table() + "\n", encoding="utf-8")
        ended = time.monotonic()
        self._next_save = ended + max(_SAVE_EVERY, _SAVE_SHARE * (ended - started))

    def table(self) -> str:
        """One line per shot."""
        lines = [f"{'line':>5}  {'status':8}{'seconds':>9}  output"]
        for entry in self.entries.values():
            name = entry.shot.exr.relative_to(self._folder).as_posix()
            told = f"  {entry.message} {entry.hint}".rstrip()
            lines.append(f"{entry.shot.line:5}  {entry.status:8}{entry.seconds:9.1f}  {name}{told}")
        return "\n".join(lines)

    def _to_dict(self, entry: Entry) -> dict[str, Any]:
        shot = entry.shot
        return {
            "row": shot.row,
            "line": shot.line,
            "output": shot.exr.relative_to(self._folder).as_posix(),
            "status": entry.status,
            "seconds": entry.seconds,
            "message": entry.message,
            "hint": entry.hint,
            "job": shot.job.to_dict(),
        }
