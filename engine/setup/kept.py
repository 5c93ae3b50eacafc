"""Packages that an earlier try has downloaded.

uv keeps them by itself. pip keeps those whose server allows it, and forgets the others when it is ended early: they
stay behind among its temporary files.
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
