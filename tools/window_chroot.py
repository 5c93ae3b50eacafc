"""Make or find a Debian 13 tree with a real Blender, a virtual display and a mouse, and run commands in it.

    python3.11 tools/window_chroot.py        # prints the tree's folder as its last line

The bpy module has no window, and Debian 12 has no Blender that reads extensions; Debian 13's does. The tree lives
beside the environments, under a name that holds a hash of its recipe. Needs root (or sudo). Standard library only.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.environment import cache_root  # noqa: E402
from tools.debian import Unavailable, as_root, ensure  # noqa: E402
from tools.environments import locked  # noqa: E402

RELEASE = "trixie"
PACKAGES = (
    "blender",
    "python3-numpy",  # Blender's own builds have it; Debian only recommends it
    "python3-venv",  # as well: what puts pip into a new environment
    "xvfb",  # the display
    "libgl1-mesa-dri",  # OpenGL on the processor
    "x11-utils",  # xdpyinfo: is the display up?
    "xdotool",  # mouse and keyboard
    "imagemagick",  # screenshots
    # What a Python from another place needs to run here: its own modules, and torch.
    "libssl3t64",
    "libffi8",
    "libsqlite3-0",
    "libbz2-1.0",
    "liblzma5",
    "zlib1g",
    "libgomp1",
    "libstdc++6",
)
# Nothing in the tree may start a service, and half of its documentation would be half of its size.
RECIPE = f"""
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
printf 'path-exclude=/usr/share/doc/*\\npath-exclude=/usr/share/man/*\\n' >/etc/dpkg/dpkg.cfg.d/small
printf 'force-unsafe-io\\n' >/etc/dpkg/dpkg.cfg.d/fast
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends {" ".join(PACKAGES)}
apt-get clean
"""


def namespace(*command: str) -> list[str]:
    """The command line that runs *command* as root with mounts and processes of its own, which end with it."""
    return [*as_root(), "unshare", "--mount", "--pid", "--fork", "--kill-child", *command]


def enter(tree: Path, *command: str, read_only: Sequence[Path] = (), writable: Sequence[Path] = ()) -> list[str]:
    """The command line that runs *command* in *tree*, with those folders and files of the host at the same paths."""
    binds = [f"ro:{path}" for path in read_only] + [f"rw:{path}" for path in writable]
    return namespace("bash", str(ROOT / "tools/chroot_enter.sh"), str(tree), *binds, "--", *command)


def mirror() -> list[str]:
    """The Debian mirror of the host's own apt sources, or nothing: then debootstrap knows one."""
    listing = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"]
    for line in subprocess.run(listing, capture_output=True, text=True).stdout.splitlines():
        if line.startswith("Debian Debian "):  # the label of the security archive is another
            return [line.split()[2]]
    return []


def make() -> Path:
    """Return the tree's folder, made first if it is missing or was left half-made. Raises :class:`Unavailable`."""
    for needed in ("apt-get", "unshare"):
        if not shutil.which(needed):
            raise Unavailable(f"the window tests need Debian's Blender, and this system has no {needed}")
    if subprocess.run(namespace("mount", "--make-rprivate", "/"), capture_output=True).returncode:
        raise Unavailable("root may not mount here, as in a container without that right")
    tree = cache_root() / f"{RELEASE}-{hashlib.sha256(RECIPE.encode()).hexdigest()[:12]}"
    tree.parent.mkdir(parents=True, exist_ok=True)
    with locked(tree.with_suffix(".lock")):
        ready = tree.with_suffix(".ready")
        if not ready.exists():
            build(tree)
            ready.touch()
    return tree


def build(tree: Path) -> None:
    ensure(("debootstrap",))
    print(f"Building a Debian tree with a Blender window in {tree} (about 4 minutes)", file=sys.stderr, flush=True)
    subprocess.run([*as_root(), "rm", "-rf", "--one-file-system", str(tree)], check=True)
    log = tree.with_suffix(".log")
    steps = (
        namespace("debootstrap", "--variant=minbase", RELEASE, str(tree), *mirror()),
        enter(tree, "sh", "-ec", RECIPE),
    )
    with open(log, "w", encoding="utf-8") as output:
        for step in steps:
            if subprocess.run(step, stdout=output, stderr=subprocess.STDOUT).returncode:
                raise RuntimeError(f"The Debian tree could not be built; {log} ends with:\n{tail(log)}")


def tail(log: Path, lines: int = 10) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


if __name__ == "__main__":
    try:
        print(make())
    except (Unavailable, RuntimeError) as problem:
        sys.exit(f"{problem}")
