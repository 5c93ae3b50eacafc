"""A folder of all that an artist's engine is made of, as the locks name it, for the Python of the tree's Blender.

    ENGINE_PYTHON tests/gui/packages.py        # downloads it; the window tests then install the engine from it

The real files, 2.9 GB with PyTorch for graphics cards, which is the one build that the package index has for Linux. It
runs on the processor as well. They are kept beside the environments. To install them twice over takes three minutes of
the window tests, so these leave it out where the folder is not there.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import platform_tags

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from engine.environment import cache_root  # noqa: E402
from engine.setup.builds import builds_here  # noqa: E402
from engine.setup.lock import digest, disk_bytes, lock_file  # noqa: E402
from tools import window_chroot  # noqa: E402
from tools.debian import Unavailable  # noqa: E402

BUILD = "cuda"


def find(tree: Path) -> Path:
    """The folder. Raises :class:`Unavailable` if it is not there, or if there is no room to install what it holds."""
    folder, needed = _folder(tree), disk_bytes(builds_here()[BUILD], downloaded=False)
    if not folder.exists():
        raise Unavailable("to install the engine takes its packages: tests/gui/packages.py downloads 2.9 GB")
    if shutil.disk_usage(folder).free < needed:
        raise Unavailable(f"to install the engine takes {needed / 1e9:.0f} GB of disk, which are not free")
    return folder


def gather(tree: Path) -> Path:
    """The folder, filled first if it is missing. Raises CalledProcessError if pip cannot."""
    folder = _folder(tree)
    if not folder.exists():
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name in ("installer", "packages", builds_here()[BUILD].lock, "perceptual"):
            _download(lock_file(name), _python(tree), partial)
        partial.rename(folder)
    return folder


def _folder(tree: Path) -> Path:
    return cache_root() / f"packages-{_python(tree)}-{digest(builds_here()[BUILD])}"


def _python(tree: Path) -> str:
    """The version of the Python in *tree*, such as 3.13."""
    return os.readlink(tree / "usr/bin/python3").removeprefix("python")


def _download(lock: Path, version: str, folder: Path) -> None:
    """What *lock* names, into *folder*. pip judges markers by the Python that runs it, so they are judged here."""
    wanted = folder / lock.name
    wanted.write_text("\n".join(_belongs(lock.read_text("utf-8"), version)), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    foreign = ["--python-version", version, "--no-build-isolation"]
    foreign += [word for tag in (*platform_tags(), "any") for word in ("--platform", tag)]
    command = [*pip, "--no-deps", "--require-hashes", *foreign, "--dest", str(folder), "--requirement", str(wanted)]
    subprocess.run(command, check=True)
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


if __name__ == "__main__":
    print(gather(window_chroot.make()))
