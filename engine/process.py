"""Blender's end of a pipe: a command of the engine's that runs beside it and tells events. Standard library only."""

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .errors import EngineIncomplete, EngineLost
from .protocol import Event, Failure, Finished, Lost, parse_event

PACKAGE_PARENT = Path(__file__).resolve().parent.parent


class EventProcess:
    """One process and the events that it sent; the last is :class:`Lost`. Only waits where it is asked to.

    command: a Python and its arguments. log: a file that receives the process' stderr (appended).
    Use from one thread; a reader thread of its own fills the queue that :meth:`poll` drains.

    Raises :class:`EngineIncomplete` if it cannot be started, or *log* cannot be written.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        try:
            with _appended(log) as stderr:
                self._log_start = stderr.tell()
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env=engine_environment(),
                    cwd=log.parent,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            raise EngineIncomplete(
                f"The engine's Python, {command[0]}, cannot be started ({error.strerror or error}).",
                "Choose another one in the add-on's preferences.",
            ) from error
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._hung_up = threading.Event()
        threading.Thread(target=self._read, args=(self._process.stdout,), name="skyloom-engine", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs and may still say something."""
        # While the reader waits for the process, poll() cannot ask for its status and would answer "running".
        return not self._hung_up.is_set() and self._process.poll() is None

    def cancel(self) -> None:
        """Ask for an end of what runs; it answers ``cancelled`` when it can. Raises :class:`EngineLost`."""
        self._send({"request": "cancel"})

    def poll(self, wait: float = 0.0) -> list[Event]:
        """The events since the last call, oldest first; if there are none, the next one within *wait* seconds."""
        events: list[Event] = []
        while True:
            try:
                events.append(self._events.get_nowait())
            except queue.Empty:
                break
        if not events and wait and (event := self.wait(wait)):
            events.append(event)
        return events

    def wait(self, timeout: float | None = None) -> Event | None:
        """The next event, or None after *timeout* seconds; for callers without an event loop."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def finish(self) -> str:
        """Wait for the end and return the path of what was made. Raises what the process tells that went wrong, and
        :class:`EngineLost` if it tells nothing."""
        while True:
            match self._events.get():
                case Finished(path=path):
                    return path
                case Failure() as failure:
                    raise failure.to_error()
                case Lost(status=status):
                    message = f"The engine ended in the middle (exit status {status})."
                    raise EngineLost(message, f"Its log is {self.log}.")

    def close(self, grace: float = 3.0) -> None:
        """End the process: politely by closing its stdin, by force after *grace* seconds."""
        if self._process.stdin and not self._process.stdin.closed:
            try:
                with _survives_broken_pipe():
                    self._process.stdin.close()
            except OSError:  # the process is gone already, and unsent bytes with it
                self._process.kill()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            with _survives_broken_pipe():
                self._process.stdin.write(json.dumps(message) + "\n")
                self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise EngineLost("The engine has stopped.", f"Try again; its log is {self.log}.") from error

    def _read(self, stdout: IO[str]) -> None:
        for line in stdout:
            if event := parse_event(line):
                self._events.put(event)
        self._hung_up.set()
        self._events.put(Lost(status=self._process.wait(), detail=self._log_tail()))

    def _log_tail(self, lines: int = 5) -> str:
        try:
            with open(self.log, "rb") as handle:
                handle.seek(self._log_start)
                return "\n".join(handle.read().decode("utf-8", "replace").splitlines()[-lines:])
        except OSError:  # somebody has deleted it; that the process ended has to be told all the same
            return ""


def _appended(log: Path) -> IO[bytes]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return open(log, "ab")
    except OSError as error:
        raise EngineIncomplete(
            f"The engine's log, {log}, cannot be written ({error.strerror or error}).",
            "See that the disk has room and that you may write there.",
        ) from error


@contextmanager
def _survives_broken_pipe() -> Iterator[None]:
    """Inside, writing to a process that has ended raises BrokenPipeError, as it does in Python by itself.

    Python in a Blender with a window leaves the signal as it is, and that would end Blender.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows knows no such signal
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        yield
    finally:
        if signal.SIGPIPE in signal.sigpending():
            signal.sigwait({signal.SIGPIPE})
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def engine_environment() -> dict[str, str]:
    """The caller's environment without what belongs to Blender's own Python."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return environment | {"PYTHONPATH": str(PACKAGE_PARENT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
