"""Packages of an environment that are not as they were installed: files missing, cut short or changed."""

import base64
import csv
import hashlib
import shutil
import sysconfig
from importlib.metadata import Distribution, distributions
from pathlib import Path


def site_packages(environment: Path) -> Path:
    """Where the packages of *environment* are; it has the version of Python that runs this."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(environment), "platbase": str(environment)}))


def damaged(environment: Path) -> list[Distribution]:
    """Those that differ from their own list of files with checksums."""
    return [found for found in distributions(path=[str(site_packages(environment))]) if not _whole(found)]


def forget(distribution: Distribution) -> None:
    """Remove what tells that *distribution* is installed, so that it is installed anew, over its damaged files."""
    # Distribution has no public name for the folder that its metadata was read from.
    shutil.rmtree(distribution._path)  # type: ignore[attr-defined]


def _whole(distribution: Distribution) -> bool:
    # Not Distribution.files: from Python 3.12 on it leaves out the files that are missing.
    record = distribution.read_text("RECORD")
    if not record or not distribution.metadata["Name"]:
        return False
    for name, checksum, _ in csv.reader(record.splitlines()):
        if not checksum:  # byte code, and the list itself
            continue
        mode, _, wanted = checksum.partition("=")
        try:
            content = Path(str(distribution.locate_file(name))).read_bytes()
        except OSError:
            return False
        computed = base64.urlsafe_b64encode(hashlib.new(mode, content).digest()).rstrip(b"=").decode()
        if computed != wanted:
            return False
    return True
