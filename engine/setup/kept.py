"""Packages that an earlier try has downloaded.

When the line breaks in the middle of a package, pip asks for the rest of it, uv for all of it; both give up when the
line stays away. The next try begins that package at its start, because neither keeps a part of one, and takes all that
were whole from where they are kept. uv keeps each. pip keeps those whose server allows it, as the package index does;
the others, when it is ended by a cancel, stay behind among its temporary files.
"""

import hashlib
import re
import shutil
from pathlib import Path

from .lock import LOCKS
from .place import EngineFolder


def whole_wheels(folder: EngineFolder) -> list[Path]:
    """Those that pip has left behind and that are what the locks ask for."""
    known = {
        code for lock in LOCKS.glob("*.txt") for code in re.findall(r"--hash=sha256:(\w+)", lock.read_text("utf-8"))
    }
    return [file for file in folder.temporary.glob("pip-unpack-*/*.whl") if _sha256(file) in known]


def forget_temporary_files(folder: EngineFolder) -> None:
    """Also the halves of packages. What cannot be deleted costs room and nothing else."""
    shutil.rmtree(folder.temporary, ignore_errors=True)
    folder.temporary.mkdir(parents=True, exist_ok=True)


def _sha256(file: Path) -> str:
    with open(file, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
