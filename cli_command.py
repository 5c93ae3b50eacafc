"""``blender --command skyloom --prompt "golden hour over a calm sea" --out sky.exr``: a sky without a scene."""

import sys
from pathlib import Path

import bpy

from . import preferences, session
from .engine.arguments import Parser, add_job_arguments, given
from .engine.environment import find_engine_python
from .engine.errors import ExitCode, SkyloomError
from .engine.job import Job, default_output
from .engine.protocol import Failure, Result
from .folders import engine_log
from .panels.wording import progress_text

_commands: list = []  # Blender's handle of the registered command


def run(arguments: list[str]) -> int:
    """Generate one panorama and return the exit code, as ``python -m engine generate`` does."""
    try:
        return _generate(arguments)
    except SkyloomError as error:
        return _complain(error.message, error.hint, error.exit_code)


def _generate(arguments: list[str]) -> int:
    parser = Parser(prog="blender --command skyloom", description="A prompt becomes a seamless 360-degree sky.")
    parser.add_argument("--prompt", required=True, help='for example "golden hour over a calm sea"')
    parser.add_argument("--out", type=Path, help="the EXR to write (default: named after the prompt)")
    add_job_arguments(parser)
    chosen = parser.parse_args(arguments)
    job = Job(**given(chosen)).with_seed()
    out = (chosen.out or default_output(Path.cwd(), job)).absolute()
    python = find_engine_python(preferences.get(bpy.context).engine_python)
    generation, told = session.start(python, engine_log(), job, out), ""
    while not generation.outcome:
        generation.update(wait=0.5)
        text = progress_text(generation.status.stage, generation.status.seconds_left)
        if text != told:
            told = text
            print(text, file=sys.stderr, flush=True)
    if generation.status.notice:
        print(f"Warning: {generation.status.notice}", file=sys.stderr)
    match generation.outcome:
        case Result(exr=exr):
            print(exr)
            return ExitCode.DONE
        case Failure(message=message, hint=hint, code=code):
            return _complain(message, hint, _exit_code(code))
    return ExitCode.CANCELLED


def _complain(message: str, hint: str, exit_code: int) -> int:
    print(f"Error: {message} {hint}".strip(), file=sys.stderr)
    return int(exit_code)


def _exit_code(code: str) -> ExitCode:
    """The exit code that belongs to an error's *code*, which is what crosses the pipe."""
    kinds = [SkyloomError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return next((kind.exit_code for kind in kinds if kind.code == code), ExitCode.FAILED)


def register() -> None:
    _commands.append(bpy.utils.register_cli_command("skyloom", run))


def unregister() -> None:
    bpy.utils.unregister_cli_command(_commands.pop())
