"""Packages of an environment that are not as they were installed: files missing, cut short or changed."""

import base64
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
    if not distribution.files or not distribution.metadata["Name"]:
        return False
    for file in distribution.files:
        if file.hash is None:  # byte code, and the list itself
            continue
        try:
            content = Path(str(file.locate())).read_bytes()
        except OSError:
            return False
        computed = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, content).digest()).rstrip(b"=").decode()
        if computed != file.hash.value:
            return False
    return True
