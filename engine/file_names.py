"""What a sky's file is called if nobody says. Standard library only."""

from pathlib import Path

from .job import Job


def default_output(folder: Path, job: Job) -> Path:
    """A file name in *folder* that says what it holds: the prompt's first words and the seed."""
    return folder / f"{slug(job.prompt)}-{job.seed}.exr"


def slug(text: str) -> str:
    """The first words of *text* as part of a file name: ASCII letters, digits and hyphens."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()
    return "-".join(words)[:60].strip("-") or "sky"
