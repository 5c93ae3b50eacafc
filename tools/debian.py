"""Debian packages that the machine must have, installed where the caller may. Standard library only."""

import os
import shutil
import subprocess
import sys
from functools import cache

# What the bpy module and Blender's libraries load at import; desktops have them, bare servers and containers do not.
BPY_LIBRARIES = (
    "libx11-6",
    "libxrender1",
    "libxxf86vm1",
    "libxfixes3",
    "libxi6",
    "libxkbcommon0",
    "libsm6",
    "libgl1",
    "libgomp1",
)


class Unavailable(Exception):
    """Something this machine cannot do; the message says what and why."""


@cache
def as_root() -> tuple[str, ...]:
    """What to put before a command so that it runs as root: nothing, or sudo. Raises :class:`Unavailable`."""
    if os.name != "posix":
        raise Unavailable("no Debian packages on this system")
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ("sudo", "-n")
    raise Unavailable("neither root nor sudo without a password")


def missing(packages: tuple[str, ...]) -> list[str]:
    """Those of *packages* that are not installed; none on a system without dpkg, which has its own ways."""
    if not shutil.which("dpkg-query"):
        return []
    query = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages]
    listed = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
    return [package for package in packages if f"{package} installed" not in listed]


def ensure(packages: tuple[str, ...]) -> None:
    """Install those of *packages* that are missing. Raises :class:`Unavailable` if that is not allowed or fails."""
    needed = missing(packages)
    if not needed:
        return
    try:
        root = as_root()
    except Unavailable as error:
        raise Unavailable(f"needs the Debian packages {' '.join(needed)}, and has {error}") from None
    print(f"Installing the Debian packages {' '.join(needed)}", file=sys.stderr, flush=True)
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    try:
        subprocess.run([*apt, "update"], check=True, stdout=sys.stderr)
        subprocess.run([*apt, "install", "-y", "--no-install-recommends", *needed], check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"apt-get could not install {' '.join(needed)} (status {error.returncode})") from error
