"""Output patterns such as ``{row:03}/{prompt}-{seed}.exr``. Standard library only."""

import re
from pathlib import Path
from string import Formatter
from typing import Any

from ..errors import BadRequest
from ..file_names import slug
from ..job import PATH_FIELDS, Job

_LONGEST = 200  # letters of a name: systems end at 255, and while it is written a file's name is longer


def expand(pattern: str, job: Job, row: int, folder: Path) -> Path:
    """The file that *pattern* names for *job*, absolute and inside *folder* (which is absolute).

    The fields are the row's number and everything in a job; what names a path is shortened to its last part.
    Raises :class:`BadRequest`.
    """
    values = {name: _plain(name, value) for name, value in job.to_dict().items()} | {"row": row}
    try:
        parts = [(text, name, spec) for text, name, spec, _ in Formatter().parse(pattern)]
        if unknown := [name for _, name, _ in parts if name is not None and name not in values]:
            raise BadRequest(
                f"The output pattern {pattern!r} has unknown fields: {', '.join(unknown)}.",
                f"Known are {', '.join(sorted(values))}.",
            )
        if any(re.search(r"\d{4}", spec or "") for _, _, spec in parts):  # or a slip of the finger fills the memory
            raise ValueError("a field of thousands of letters")
        name = "".join(text + (format(values[name], spec or "") if name else "") for text, name, spec in parts)
    except ValueError as error:
        raise BadRequest(f"The output pattern {pattern!r} is wrong ({error}).", "Try {row:03}-{seed}.exr.") from error
    if not name.lower().endswith(".exr"):
        name += ".exr"
    if not name.isprintable() or max(map(len, Path(name).parts)) > _LONGEST:
        raise BadRequest(
            f"The output {name[:80]!r} is no name for a file.", f"It may have {_LONGEST} letters, all of them visible."
        )
    path = (folder / name).resolve()  # also through links that lead out of the folder
    if not path.is_relative_to(folder):
        raise BadRequest(f"The output {name} is outside the folder {folder}.", "Leave out '..' and absolute paths.")
    return path


def _plain(name: str, value: Any) -> Any:
    """*value* as part of a file's name: numbers as they are, texts as words joined by hyphens."""
    if isinstance(value, int | float):
        return value
    if not value:
        return "auto"
    return slug(Path(value).name if name in PATH_FIELDS else str(value))
