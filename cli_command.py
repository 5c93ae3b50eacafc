"""``blender --command skyloom --prompt "golden hour over a calm sea" --out sky.exr``: a sky without a scene.

``blender --background shot.blend --command skyloom batch shots.toml --render``: a shot list, and the scene in each sky.
"""

import sys
from pathlib import Path

import bpy

from . import preferences, session
from .batch_stills import make_skies, render_stills
from .engine.arguments import Parser, add_job_arguments, given
from .engine.batch.command import BatchTerminal, add_batch_arguments, chosen_shots
from .engine.batch.shots import check_scenes
from .engine.errors import ExitCode, SkyloomError
from .engine.file_names import default_output
from .engine.job import Job
from .engine.protocol import Failure, Result
from .engine.wording import progress_text
from .folders import engine_log

_commands: list = []  # Blender's handle of the registered command


def run(arguments: list[str]) -> int:
    """Generate one panorama, or those of a shot list, and return the exit code, as ``python -m engine`` does."""
    try:
        return _batch(arguments[1:]) if arguments[:1] == ["batch"] else _generate(arguments)
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
    python = preferences.engine_python(bpy.context)
    generation, told = session.start(python, engine_log(), [(job, out)]), ""
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
        case Failure() as failure:
            return _complain(failure.message, failure.hint, failure.to_error().exit_code)
    return ExitCode.CANCELLED


def _batch(arguments: list[str]) -> int:
    parser = Parser(prog="blender --command skyloom batch", description="The skies of a shot list.")
    add_batch_arguments(parser)
    parser.add_argument("--render", action="store_true", help="render the open scene, or the list's, in each sky")
    chosen = parser.parse_args(arguments)
    shots, folder, _ = chosen_shots(chosen)
    if chosen.render:
        check_scenes(shots)
    passed = [str(chosen.shots.absolute()), "--out", str(folder)]
    if chosen.rows:
        passed += ["--rows", f"{chosen.rows[0]}-{chosen.rows[-1]}"]
    if chosen.ray:
        passed += ["--ray", chosen.ray]
    say = (lambda event: print(event.to_line(), flush=True)) if chosen.events else BatchTerminal().show
    ended = make_skies(passed, say)
    failed = sum(status == "failed" for status in ended.values())
    if chosen.render:
        failed += render_stills(shots, ended, lambda text: print(text, file=sys.stderr, flush=True))
    return ExitCode.FAILED if failed else ExitCode.DONE


def _complain(message: str, hint: str, exit_code: int) -> int:
    print(f"Error: {message} {hint}".strip(), file=sys.stderr)
    return int(exit_code)


def register() -> None:
    _commands.append(bpy.utils.register_cli_command("skyloom", run))


def unregister() -> None:
    bpy.utils.unregister_cli_command(_commands.pop())
