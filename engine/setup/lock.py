"""What the engine consists of: the locks that ``make lock`` wrote from pyproject.toml."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from .builds import Build, platform_name

LOCKS = Path(__file__).resolve().parent / "locks"
# Bytes on the disk per byte of a wheel, and of what is made from it.
INSTALLED_PER_DOWNLOADED = 3.6  # measured on Linux with PyTorch for the processor: 1.30 GB from 367 MB
GRAPHICS_PER_DOWNLOADED = 1.9  # with PyTorch for graphics cards, whose libraries are denser: 5.40 GB from 2.91 GB


@dataclass(frozen=True)
class Pin:
    """A package of the engine. marker: the platforms that get it, in the packaging standard's words; empty for all."""

    name: str
    version: str
    marker: str


def lock_file(name: str) -> Path:
    """The requirements file that is the lock *name*."""
    return LOCKS / f"{name}.txt"


def pins(name: str) -> list[Pin]:
    """The packages of the lock *name*."""
    found = re.finditer(r"^([\w.-]+)==([^\s;\\]+)(?: ; ([^\\\n]+))?", lock_file(name).read_text("utf-8"), re.MULTILINE)
    return [Pin(match[1], match[2], (match[3] or "").strip()) for match in found]


def digest(build: Build) -> str:
    """Says in a few letters what an environment with *build* is made of."""
    hashed = hashlib.sha256(build.lock.encode())
    for name in ("installer", "packages", build.lock, "perceptual"):
        hashed.update(lock_file(name).read_bytes())
    return hashed.hexdigest()[:12]


def download_bytes(build: Build) -> int:
    """About how much is downloaded for an environment with *build*."""
    sizes = json.loads((LOCKS / "sizes.json").read_text("utf-8")).get(platform_name(), {})
    torch = build.download or sizes.get("torch", 0)
    return torch + sum(size for name, size in sizes.items() if name != "torch")


def disk_bytes(build: Build, downloaded: bool = True) -> int:
    """About how much room it takes while it is made: what is unpacked, and what is *downloaded* before, if it is."""
    ratio = GRAPHICS_PER_DOWNLOADED if build.name in ("cuda", "rocm") else INSTALLED_PER_DOWNLOADED
    return round(download_bytes(build) * (ratio + downloaded))
