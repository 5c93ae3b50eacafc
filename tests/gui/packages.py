"""A folder of all that an artist's engine is made of, as the locks name it, for the Python of the tree's Blender.

The real files, 2.9 GB with PyTorch for graphics cards, which is the one build that the package index has for Linux. It
runs on the processor as well. Downloaded once and kept beside the environments.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import platform_tags

from engine.environment import cache_root
from engine.setup.builds import builds_here
from engine.setup.lock import digest, disk_bytes, download_bytes, lock_file
from tools.debian import Unavailable
from tools.environments import locked

BUILD = "cuda"
SECONDS = 300  # for the download: 20 where the line is good


def gather(tree: Path) -> Path:
    """The folder, filled first if it is missing. Raises :class:`Unavailable` if that, or to install it, cannot be."""
    build = builds_here()[BUILD]
    version = os.readlink(tree / "usr/bin/python3").removeprefix("python")
    folder = cache_root() / f"packages-{version}-{digest(build)}"
    with locked(folder.with_name(f"{folder.name}.lock")):
        needed = disk_bytes(build) + (0 if folder.exists() else download_bytes(build))
        if shutil.disk_usage(folder.parent).free < needed:
            raise Unavailable(f"to install the engine takes {needed / 1e9:.0f} GB of disk, which are not free")
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for name in ("installer", "packages", build.lock, "perceptual"):
                _download(lock_file(name), version, partial)
            partial.rename(folder)
    return folder


def _download(lock: Path, version: str, folder: Path) -> None:
    """What *lock* names, into *folder*. pip judges markers by the Python that runs it, so they are judged here."""
    wanted = folder / lock.name
    wanted.write_text("\n".join(_belongs(lock.read_text("utf-8"), version)), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    foreign = ["--python-version", version, "--no-build-isolation"]
    foreign += [word for tag in (*platform_tags(), "any") for word in ("--platform", tag)]
    command = [*pip, "--no-deps", "--require-hashes", *foreign, "--dest", str(folder), "--requirement", str(wanted)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"the engine's packages could not be downloaded within {SECONDS} s") from None
    if done.returncode:
        raise Unavailable(f"the engine's packages could not be downloaded: {done.stderr.strip().splitlines()[-1]}")
    wanted.unlink()


def _belongs(lock: str, version: str) -> list[str]:
    """The entries of *lock* for Python *version* on this platform, without their markers."""
    python = {"python_version": version, "python_full_version": f"{version}.0"}
    entries = []
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        pin, _, rest = entry.partition(" \\\n")
        name, _, marker = pin.partition(" ; ")
        if not name.startswith("#") and (not marker or Marker(marker).evaluate(python)):
            entries.append(f"{name} \\\n{rest}")
    return entries
