"""Runs the installer's commands: logged, followed by their progress, and ended when the artist cancels."""

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import Cancelled, DamagedDownload, ExitCode, NoRoom, SetupFailed, SkyloomError, Unreachable
from ..process import engine_environment
from ..protocol import Event, Work
from .place import EngineFolder, tree_bytes

TICK = 0.5  # seconds between two looks at the progress
MEASURE_EVERY = 2.0  # seconds between two looks at the size of what is there, which are many thousand files
GRACE = 5.0  # seconds that a command has to end by itself when it is cancelled
PACKAGES_END = 0.94  # the share of the whole that is done when all packages are there
# Who could not be reached: as pip says it, as uv does.
_HOST = re.compile(r"host='([\w.-]+)'|failed to (?:fetch|download)\W+https?://([\w.-]+)", re.IGNORECASE)
_STEP = re.compile(r"\b(Downloading|Building|Installing|Preparing)\b[ :]+([\w.\[\]-]+)")

# What pip and uv say when something goes wrong, and what that means. The first that fits is told.
_CAUSES: tuple[tuple[str, type[SkyloomError], str, str], ...] = (
    (
        r"do not match the hashes|hash mismatch|failed to extract archive",
        DamagedDownload,
        "A package is damaged, or not the one that Skyloom was made with: its checksum is another.",
        "Try again. If it stays so, something between you and the package index changes files, or the folder of "
        "packages is of another version.",
    ),
    (
        r"no space left|not enough space|errno 28",
        NoRoom,
        "The disk is full.",
        "Free some space and click again: what is there already is kept.",
    ),
    (
        r"temporary failure in name resolution|failed to establish a new connection|connection (broken|reset|aborted|"
        r"refused)|connecterror|dns error|timed? ?out|incomplete-?(read|download)|error sending request|"
        r"failed to fetch|failed to download|certificate verify failed|sslerror",
        Unreachable,
        "The package index{} cannot be reached, or the line broke.",
        "Check the internet connection and click again: what is there already is kept.",
    ),
    (
        r"no matching distribution|no solution found|could not find a version",
        SetupFailed,
        "A package is missing where the packages come from.",
        "With a folder of packages, put all of them there. Otherwise check the internet connection and click again.",
    ),
)


class Commands:
    """Runs commands for the engine in *folder*. expected: bytes that the folder will have grown by in the end.

    say: told what is going on. stop: set when the artist cancels.
    """

    def __init__(
        self, folder: EngineFolder, expected: int, say: Callable[[Event], None], stop: threading.Event
    ) -> None:
        self._folder = folder
        self._expected = max(1, expected)
        self._say = say
        self._stop = stop
        self._fraction = 0.0
        self._bytes, self._measured = 0, -MEASURE_EVERY

    def tell(self, task: str, fraction: float | None = None) -> None:
        """Tell what is done now. Raises :class:`Cancelled` if the artist has said no."""
        if self._stop.is_set():
            raise Cancelled("Cancelled. What was downloaded is kept for the next time.")
        if time.monotonic() - self._measured > MEASURE_EVERY:
            grown = min(tree_bytes(self._folder.path), self._expected)
            self._bytes = max(self._bytes, grown)  # what is unpacked on the way goes again
            self._measured = time.monotonic()
        self._fraction = fraction or max(self._fraction, PACKAGES_END * self._bytes / self._expected)
        self._say(Work(task=task, fraction=self._fraction, done=self._bytes, total=self._expected))

    def run(
        self,
        task: str,
        command: Sequence[str | Path],
        with_engine: bool = False,
        accepted: Sequence[int] = (ExitCode.DONE,),
    ) -> str:
        """Run *command* to its end and return what it printed, which goes to the log as well.

        with_engine: let it import the engine's own modules. accepted: exit statuses that are no failure.
        Raises :class:`Cancelled`, and what :data:`_CAUSES` names or :class:`SetupFailed` if the command fails.
        """
        print(f"$ {' '.join(map(str, command))}", file=sys.stderr, flush=True)
        lines: deque[str] = deque(maxlen=400)
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(with_engine),
            text=True,
            encoding="utf-8",
            errors="replace",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as process:
            reader = threading.Thread(target=self._read, args=(process, lines), daemon=True)
            reader.start()
            try:
                while reader.is_alive():
                    steps = [match for line in lines.copy() if (match := _STEP.search(line))]
                    self.tell(f"{steps[-1][1]} {_plain(steps[-1][2])}" if steps else task)
                    reader.join(TICK)
            finally:
                _end(process)
        if process.returncode not in accepted:
            raise _explain("\n".join(lines), f"{task} failed (exit status {process.returncode}).")
        return "\n".join(lines)

    def _environment(self, with_engine: bool) -> dict[str, str]:
        """Everything that is written on the way lies in the engine's folder, and what is downloaded stays there."""
        variables = engine_environment() | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder.temporary))
        if not with_engine:
            del variables["PYTHONPATH"]
        # The pinned pip goes on in the middle of a file that broke off; an older one does not know the variable.
        variables["PIP_RESUME_RETRIES"] = "20"
        return variables | {"PIP_CACHE_DIR": str(self._folder.downloads), "UV_CACHE_DIR": str(self._folder.downloads)}

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: deque[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip())
            print(lines[-1], file=sys.stderr, flush=True)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()


def _plain(package: str) -> str:
    """A package's name from what an installer says of it: ``torch-2.13.0-cp311-win_amd64.whl`` is ``torch``."""
    return "the packages" if package == "collected" else re.split(r"-\d|\[|==", package)[0]


def _explain(output: str, otherwise: str) -> SkyloomError:
    for pattern, kind, message, hint in _CAUSES:
        if re.search(pattern, output, re.IGNORECASE):
            hosts = [pip or uv for pip, uv in _HOST.findall(output)]
            return kind(message.format(f" at {hosts[-1]}" if hosts else ""), hint)
    return SetupFailed(otherwise, "Copy the log and read its end, or send it to Skyloom's developers.")


def installer(folder: EngineFolder, uv: str | None) -> list[str]:
    """The command that installs packages into *folder*: uv's if there is one, else pip's."""
    if uv:
        return [uv, "pip", "install", "--python", str(folder.python), "--no-progress"]
    quiet = ["--no-input", "--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off"]
    # Python compiles what is used when it is used; to compile all takes longer than most downloads.
    return [str(folder.python), "-m", "pip", "install", *quiet, "--no-compile", "--retries", "5", "--timeout", "30"]


def uninstaller(folder: EngineFolder, uv: str | None) -> list[str]:
    """The command that removes packages from *folder*."""
    if uv:
        return [uv, "pip", "uninstall", "--python", str(folder.python)]
    return [str(folder.python), "-m", "pip", "uninstall", "--yes", "--disable-pip-version-check"]


def source(packages: Path | None, index: str | None = None) -> list[str]:
    """Options that say where packages come from: a folder in place of the internet, or an index of their own."""
    if packages:
        return ["--no-index", "--find-links", os.fspath(packages)]
    return ["--index-url", index] if index else []
