"""``python -m engine batch shots.toml --out FOLDER``."""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadRequest, Cancelled, ExitCode
from ..protocol import BatchProgress, BatchResult, Event, ShotEnd
from ..quiet import silence_libraries
from ..wording import duration
from .shots import Shot, read_shots

if TYPE_CHECKING:
    from .crew import Crew

BAR = 30  # characters


def add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shots", type=Path, help="the shot list, .toml or .csv")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where the skies go (default: named after the list)")
    parser.add_argument("--rows", metavar="A-B", type=row_range, help="only these rows of the list, counted from 1")
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="make them on the Ray cluster at HOST:PORT, or on this machine's: auto"
    )
    parser.add_argument("--events", action="store_true", help="print JSON lines")


def row_range(text: str) -> range:
    """``3-7`` or ``3`` as a range. Raises :class:`argparse.ArgumentTypeError` if it is none."""
    match = re.fullmatch(r"([1-9]\d*)(?:-(\d+))?", text)
    rows = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
    if not rows:
        raise argparse.ArgumentTypeError(f"'{text}' is no row or range of rows from 1 on, such as 3 or 3-7")
    return rows


def chosen_shots(chosen: argparse.Namespace) -> tuple[list[Shot], Path, str]:
    """The shots that were asked for, their folder, and the part's name. Raises :class:`BadRequest`."""
    folder = (chosen.out or chosen.shots.with_suffix("")).expanduser().resolve()
    shots, part = read_shots(chosen.shots, folder), ""
    if chosen.rows:
        last = shots[-1].row
        shots = [shot for shot in shots if shot.row in chosen.rows]
        part = f"rows-{chosen.rows[0]}-{chosen.rows[-1]}"
        if not shots:
            raise BadRequest(f"The shot list {chosen.shots} has no such rows.", f"It has the rows 1 to {last}.")
    return shots, folder, part


def run(chosen: argparse.Namespace, say: Callable[[Event], None]) -> ExitCode:
    """Make what was asked for. Raises what :func:`run_batch` raises, and :class:`Cancelled` when interrupted."""
    shots, folder, part = chosen_shots(chosen)  # a bad list is refused before the libraries are loaded
    failed = 0
    try:
        with _crew(chosen.ray) as crew:
            from .runner import run_batch

            for event in run_batch(shots, folder, part, crew):
                say(event)
                if isinstance(event, BatchResult):
                    failed = event.failed
    except KeyboardInterrupt:
        raise Cancelled("Cancelled; what was finished stays.", "Run the same command again to go on.") from None
    return ExitCode.FAILED if failed else ExitCode.DONE


@contextmanager
def _crew(address: str | None) -> "Iterator[Crew]":
    """This process, or the cluster at *address*. Raises what :func:`connected` raises."""
    if address is None:
        silence_libraries()
        from .crew import Alone

        yield Alone()
        return
    from .ray_cluster import connected

    with connected(address):
        silence_libraries()
        from .ray_crew import RayCrew

        yield RayCrew()


class BatchTerminal:
    """A bar on stderr if that is a terminal, else a line per shot; what failed, and the totals, on both."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def show(self, event: Event) -> None:
        match event:
            case BatchProgress() if self._live:
                print(f"\r\x1b[K{bar(event)}", end="", file=sys.stderr, flush=True)
            case ShotEnd() if not self._live or event.status == "failed":
                told = f" {event.message} {event.hint}".rstrip()
                took = f" ({event.seconds:.1f} s)" if event.status == "done" else ""
                line = f"line {event.line}: {event.status} {event.exr}{took}{told}"
                print(f"{self._line_start()}{line}", file=sys.stderr, flush=True)
            case BatchResult():
                print(self._line_start(), end="", file=sys.stderr)
                made = f"{event.done} made, {event.skipped} already there, {event.failed} failed"
                print("\n".join(filter(None, (made, str(Path(event.summary).with_suffix(".txt")), event.gallery))))

    def _line_start(self) -> str:
        return "\r\x1b[K" if self._live else ""


def bar(progress: BatchProgress) -> str:
    """For example ``[########......] 12 of 40, 1 failed, 3 min left``."""
    filled = round(progress.fraction * BAR)
    failed = f", {progress.failed} failed" if progress.failed else ""
    left = "" if progress.seconds_left is None else f", {duration(progress.seconds_left)} left"
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {progress.ended} of {progress.total}{failed}{left}"
