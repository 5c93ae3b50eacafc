"""File names for new skies, from a pattern that the artist chose. Knows nothing of Blender."""

import re
from collections.abc import Container
from datetime import datetime
from itertools import count
from pathlib import Path
from string import Formatter

from .engine.errors import BadRequest
from .engine.job import Job

PATTERN = "{prompt}-{seed}"
LONGEST = 120  # letters of a name
_WORDS = 60  # letters of the prompt


def sky_path(folder: Path, pattern: str, job: Job, taken: Container[Path] = ()) -> Path:
    """An EXR in *folder* named by *pattern*, which no file has yet and which is not *taken*.

    The pattern may hold ``{prompt}``, ``{seed}``, ``{model}``, ``{date}`` and ``{time}``. Raises :class:`BadRequest`.
    """
    stem = _stem(pattern, job, datetime.now())
    path = folder / f"{stem}.exr"
    candidates = (folder / f"{stem}-{number}.exr" for number in count(2))
    while path.exists() or path in taken:
        path = next(candidates)
    return path


def _stem(pattern: str, job: Job, now: datetime) -> str:
    values = {
        "prompt": _plain(job.prompt.lower())[:_WORDS].strip("-") or "sky",
        "seed": str(job.seed),
        "model": _plain(Path(job.model).name),
        "date": f"{now:%Y-%m-%d}",
        "time": f"{now:%H-%M-%S}",
    }
    hint = f"Known are {', '.join(f'{{{name}}}' for name in values)}: see the add-on's preferences."
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise BadRequest(f"The file name pattern '{pattern}' cannot be read ({error}).", hint) from error
    stem = ""
    for text, name, *_format in parts:
        if name is not None and name not in values:
            raise BadRequest(f"The file name pattern '{pattern}' asks for '{{{name}}}', which is unknown.", hint)
        stem += text + (values[name] if name else "")
    stem = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "-", stem).strip(" .-")[:LONGEST]
    if not stem:
        raise BadRequest("The file name pattern is empty.", hint)
    return stem


def _plain(text: str) -> str:
    """*text* with a hyphen for everything that some file system may not like."""
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text).split())
