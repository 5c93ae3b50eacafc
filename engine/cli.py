"""``python -m engine``: one function per command. Exit codes: see :class:`engine.errors.ExitCode`."""

import _thread
import json
import logging
import signal
import sys
import threading
from argparse import Namespace
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import NoReturn

from . import __version__
from .arguments import Parser, add_job_arguments, given
from .batch.command import BatchTerminal, add_batch_arguments
from .batch.command import run as run_batch
from .environment import cache_root
from .errors import BadRequest, Cancelled, EngineIncomplete, ExitCode, GenerationFailed, SkyloomError
from .file_names import default_output
from .job import Job
from .models.command import DownloadTerminal, add_models_arguments
from .models.command import run as run_models
from .output.header import read_job
from .protocol import Cancelled as CancelledEvent
from .protocol import Event, Failure, Finished, Notice, Progress, Result

STAGES = {
    "load": "loading",
    "sample": "step",
    "poles": "mending the poles",
    "refine": "adding detail",
    "draw": "drawing what is small",
    "decode": "decoding",
    "save": "saving",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code. Failures are one line and a hint on stderr."""
    events = False
    try:
        chosen = command_parser().parse_args(arguments)
        serving = chosen.command == "serve"
        events = serving or getattr(chosen, "events", False)
        _start_logging(to_file=not serving)
        signal.signal(signal.SIGTERM, _interrupt)
        run = {
            "generate": _generate,
            "batch": _batch,
            "models": _models,
            "show": _show,
            "metrics": _metrics,
            "cube": _cube,
            "picture": _picture,
            "doctor": _doctor,
            "serve": _serve,
        }
        return run[chosen.command](chosen)
    except KeyboardInterrupt:
        return _report(Cancelled("Cancelled; nothing was written."), events)
    except SkyloomError as error:
        return _report(error, events)
    except ModuleNotFoundError as error:
        logging.getLogger(__name__).exception("incomplete environment")
        missing = EngineIncomplete(
            f"The engine's Python, {sys.executable}, lacks '{error.name}'.",
            "Click Repair in the add-on's preferences, or choose another Python there.",
        )
        return _report(missing, events)
    except Exception as error:  # the last resort: a bug, told in one line; the log has the rest
        logging.getLogger(__name__).exception("unexpected")
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        return _report(
            GenerationFailed(f"Something unexpected went wrong ({reason}).", f"Details are in {_log_file()}"), events
        )


def command_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(prog="python -m engine", description="Skyloom: a prompt becomes a seamless 360-degree sky.")
    parser.add_argument("--version", action="version", version=f"skyloom {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    generate = commands.add_parser("generate", help="make a panorama from a prompt")
    generate.add_argument("prompt", nargs="?", help='for example "golden hour over a calm sea"')
    add_job_arguments(generate)
    generate.add_argument(
        "--job", metavar="FILE", help="a job as JSON, or an EXR with one in its header; options override"
    )
    generate.add_argument("--out", metavar="FILE", type=Path, help="the EXR to write (default: named after the prompt)")
    generate.add_argument("--events", action="store_true", help="print JSON lines, as Blender reads them")
    generate.add_argument("--trace", metavar="FILE", type=Path, help="write every canvas to this safetensors file")
    add_batch_arguments(commands.add_parser("batch", help="make the skies of a shot list"))
    add_models_arguments(commands.add_parser("models", help="the models that can be downloaded"))
    show = commands.add_parser("show", help="print the job that made an EXR")
    show.add_argument("file", type=Path)
    metrics = commands.add_parser("metrics", help="measure the coherence, seam and poles of panoramas")
    metrics.add_argument("path", metavar="FILE_OR_FOLDER", type=Path, help="an EXR or PNG, or a folder of them")
    metrics.add_argument("--json", action="store_true", help="print JSON in place of a table")
    metrics.add_argument("--clip", metavar="FOLDER", help="a CLIP model, for the CLIP score")
    metrics.add_argument("--prompt", metavar="TEXT", help="what they should show (default: the job in each file)")
    cube = commands.add_parser("cube", help="cut a panorama into the six faces of a cube map")
    cube.add_argument("file", type=Path, help="an EXR")
    cube.add_argument("--out", metavar="FOLDER", type=Path, help="where to write (default: beside the EXR)")
    cube.add_argument("--size", type=int, metavar="PIXELS", help="of a face (default: a quarter of the width)")
    cube.add_argument("--strip", action="store_true", help="one picture of all faces side by side, not six")
    cube.add_argument("--png", action="store_true", help="tonemapped PNG, not EXR")
    cube.add_argument("--events", action="store_true", help="print JSON lines, as Blender reads them")
    picture = commands.add_parser("picture", help="a panorama as a smaller picture to look at")
    picture.add_argument("file", type=Path, help="an EXR, which is tonemapped, or a PNG")
    picture.add_argument("--width", type=int, metavar="PIXELS", default=2048, help="at most (default: 2048)")
    picture.add_argument("--out", metavar="FILE", type=Path, required=True, help="the PNG to write")
    picture.add_argument("--events", action="store_true", help="print JSON lines, as Blender reads them")
    doctor = commands.add_parser("doctor", help="check this engine and say what is wrong and what to do")
    doctor.add_argument("--events", action="store_true", help="print JSON lines, as Blender reads them")
    commands.add_parser("serve", help="take requests on stdin as JSON lines; Blender starts this")
    return parser


def _generate(chosen: Namespace) -> int:
    job = _job(chosen).with_seed()
    out = chosen.out or default_output(Path.cwd(), job)
    _import_offline()
    from .pipeline import generate

    say = _print_event if chosen.events else _Terminal().show
    for event in generate(job, out, trace=chosen.trace):
        say(event)
    return ExitCode.DONE


def _job(chosen: Namespace) -> Job:
    values = given(chosen)
    if chosen.job is None:
        if "prompt" not in values:
            raise BadRequest(
                "There is no prompt.", 'Say what to make: python -m engine generate "golden hour over a sea"'
            )
        return Job.from_dict(values)
    file = Path(chosen.job).expanduser()
    if file.suffix.lower() == ".exr":
        return Job.from_dict(read_job(file) | values)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadRequest(
            f"The job file {file} cannot be read ({error}).", "Name what `engine show` printed."
        ) from error
    return Job.from_dict(Job.from_json(text).to_dict() | values)


def _batch(chosen: Namespace) -> int:
    return run_batch(chosen, _print_event if chosen.events else BatchTerminal().show)


def _models(chosen: Namespace) -> int:
    return run_models(chosen, _print_event if getattr(chosen, "events", False) else DownloadTerminal().show)


def _show(chosen: Namespace) -> int:
    print(json.dumps(read_job(chosen.file), ensure_ascii=False, indent=2))
    return ExitCode.DONE


def _metrics(chosen: Namespace) -> int:
    _import_offline()
    from .measure import measure, table

    rows = list(measure(chosen.path.expanduser(), chosen.clip, chosen.prompt))
    print(json.dumps(rows, ensure_ascii=False, indent=2) if chosen.json else table(rows))
    return ExitCode.DONE


def _doctor(chosen: Namespace) -> int:
    from .doctor import examine, line_of

    if chosen.events:
        threading.Thread(target=_interrupt_on_request, daemon=True).start()
    wrong = 0
    for finding in examine():
        wrong += finding.verdict == "wrong"
        print(finding.to_line() if chosen.events else line_of(finding), flush=True)
    if chosen.events:
        _print_event(Finished(path=sys.executable))
    else:
        print(f"\nWrong: {wrong}." if wrong else "\nThe engine is well.")
    return ExitCode.FAILED if wrong else ExitCode.DONE


def _cube(chosen: Namespace) -> int:
    from .output.cube_map import write_cube

    file = chosen.file.expanduser()
    folder = chosen.out.expanduser() if chosen.out else file.parent
    for path in write_cube(file, folder, chosen.size, chosen.strip, ".png" if chosen.png else ".exr"):
        if not chosen.events:
            print(path)
    if chosen.events:
        _print_event(Finished(path=str(folder)))
    return ExitCode.DONE


def _picture(chosen: Namespace) -> int:
    from .output.shown import write_shown

    out = chosen.out.expanduser()
    write_shown(chosen.file.expanduser(), chosen.width, out)
    if chosen.events:
        _print_event(Finished(path=str(out)))
    else:
        print(out)
    return ExitCode.DONE


def _serve(chosen: Namespace) -> NoReturn:
    _import_offline()
    from .server import serve

    serve(sys.stdin, sys.stdout)


class _Terminal:
    """Progress and results for a person: progress on stderr, the result's path on stdout."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def show(self, event: Event) -> None:
        match event:
            case Progress() if self._live:
                left = "" if event.seconds_left is None else f", {event.seconds_left:.0f} s left"
                print(f"\r\x1b[K{STAGES[event.stage]} {event.step} of {event.total}{left}", end="", file=sys.stderr)
            case Notice():
                print(f"{self._line_start()}Warning: {event.message}", file=sys.stderr)
            case Result():
                print(self._line_start(), end="", file=sys.stderr)
                print(f"{event.exr} ({event.width} x {event.height}, seed {event.job['seed']}, {event.seconds:.1f} s)")

    def _line_start(self) -> str:
        return "\r\x1b[K" if self._live else ""


def _print_event(event: Event) -> None:
    print(event.to_line(), flush=True)


def _report(error: SkyloomError, events: bool) -> int:
    if events:
        _print_event(CancelledEvent() if isinstance(error, Cancelled) else Failure.of(error))
    print(f"{'' if isinstance(error, Cancelled) else 'Error: '}{error}", file=sys.stderr)
    return error.exit_code


def _interrupt_on_request() -> None:
    """End with the next request on stdin: ``cancel`` is the only one there is. Its end is none, where no one asks."""
    if sys.stdin.readline():
        _thread.interrupt_main()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _log_file() -> Path:
    return cache_root() / "engine.log"


def _start_logging(to_file: bool) -> None:
    """Send logs and tracebacks to a file: stderr is for one clear line. The server's stderr is a log already."""
    handler: logging.Handler = logging.StreamHandler()
    if to_file:
        try:
            _log_file().parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(_log_file(), maxBytes=1_000_000, backupCount=1, encoding="utf-8")
        except OSError:  # a user without a writable cache folder can still make a sky
            handler = logging.NullHandler()
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(process)d %(levelname)s %(message)s"
    )
    logging.captureWarnings(True)


def _import_offline() -> None:
    """Import the model libraries with their network access and their chatter switched off."""
    from .quiet import silence_libraries

    silence_libraries()
