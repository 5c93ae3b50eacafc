"""``python -m engine.setup install FOLDER``: run by Blender's Python; tells the events of :mod:`engine.protocol`.

A line on stdin, or its end, cancels. The log goes to stderr. Standard library only.
"""

import signal
import sys
import threading
from pathlib import Path

from ..arguments import Parser
from ..errors import BadRequest, Cancelled, ExitCode, SkyloomError
from ..protocol import Cancelled as CancelledEvent
from ..protocol import Event, Failure, Finished
from .builds import builds_here, suggested_build
from .install import install, remove
from .place import EngineFolder


def main(arguments: list[str] | None = None) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _say(Finished(path=str(_run(arguments, stop))))
        return ExitCode.DONE
    except Cancelled as error:
        _say(CancelledEvent())
        return error.exit_code
    except SkyloomError as error:
        print(error, file=sys.stderr)
        _say(Failure.of(error))
        return error.exit_code


def _run(arguments: list[str] | None, stop: threading.Event) -> Path:
    parser = Parser(prog="python -m engine.setup", description="Installs Skyloom's engine.")
    parser.add_argument("command", choices=("install", "remove"))
    parser.add_argument("folder", type=Path, help="where the engine lies, and nothing else")
    parser.add_argument("--build", choices=("auto", *builds_here()), default="auto", help="of PyTorch")
    parser.add_argument("--packages", type=Path, help="a folder of wheels in place of the internet")
    chosen = parser.parse_args(arguments)
    folder = EngineFolder(chosen.folder.absolute())
    if not folder.is_ours():
        raise BadRequest(f"{folder.path} holds something else than an engine.", "Choose a new or empty folder.")
    if chosen.command == "remove":
        remove(folder)
        return folder.path
    threading.Thread(target=_wait_for_cancel, args=(stop,), daemon=True).start()
    build = suggested_build()[0] if chosen.build == "auto" else builds_here()[chosen.build]
    return install(folder, build, _say, stop, chosen.packages)


def _wait_for_cancel(stop: threading.Event) -> None:
    sys.stdin.readline()
    stop.set()


def _say(event: Event) -> None:
    print(event.to_line(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
