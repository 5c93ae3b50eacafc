"""``python -m engine models list|download|remove|check``."""

import argparse
import sys
from collections.abc import Callable

from ..environment import models_folder
from ..errors import BadModel, BadRequest, Cancelled, ExitCode
from ..protocol import Downloaded, DownloadProgress, Event, Notice
from ..quiet import silence_hub
from ..wording import duration, size
from .catalogue import Entry, catalogue
from .store import LIST, damaged, find_entry, installed, read_record, remove, started_bytes


def add_models_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(parser))
    actions.add_parser("list", help="what there is to download, and what is there")
    get = actions.add_parser("download", help="download a model; run again to go on after an interruption")
    get.add_argument("name")
    get.add_argument("--accept-licence", action="store_true", help="accept the model's licence unshown")
    get.add_argument("--events", action="store_true", help="print JSON lines")
    actions.add_parser("remove", help="delete a model").add_argument("name")
    actions.add_parser("check", help="compare a model's files with their checksums").add_argument("name")


def run(chosen: argparse.Namespace, say: Callable[[Event], None]) -> ExitCode:
    """Do what was asked for. Raises what :mod:`engine.models.store` and :func:`download` raise."""
    if chosen.action == "list":
        print(table())
        return ExitCode.DONE
    entry = find_entry(chosen.name)
    if chosen.action == "download":
        return _download(entry, chosen.accept_licence, say)
    return _remove(entry) if chosen.action == "remove" else _check(entry)


def _download(entry: Entry, accepted: bool, say: Callable[[Event], None]) -> ExitCode:
    if entry.bundled:
        raise BadRequest(f"'{entry.name}' comes with Skyloom: there is nothing to download.")
    if not accepted and not installed(entry):
        _ask(entry)
    silence_hub()
    from .download import download

    try:
        say(download(entry, say))
    except KeyboardInterrupt:
        raise Cancelled("Cancelled; what was downloaded is kept.", "Run the same command again to go on.") from None
    return ExitCode.DONE


def _ask(entry: Entry) -> None:
    """Raise :class:`BadRequest` unless somebody at a terminal accepts the licence of *entry*."""
    print(f"{entry.title} has the licence: {entry.licence}\n{entry.licence_link}", file=sys.stderr)
    if not sys.stdin.isatty():
        raise BadRequest(f"The licence of {entry.title} was not accepted.", "Read it and add --accept-licence.")
    print(f"Accept it and download {size(entry.megabytes * 1e6)}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise BadRequest(f"The licence of {entry.title} was not accepted: nothing was downloaded.")


def _remove(entry: Entry) -> ExitCode:
    print(f"Removed {entry.name}: {size(remove(entry))} are free again.")
    return ExitCode.DONE


def _check(entry: Entry) -> ExitCode:
    folder, path = models_folder() / entry.name, installed(entry)
    record = read_record(folder)
    if path is None or record is None:
        raise BadRequest(f"The model '{entry.name}' is not downloaded.", LIST)
    bad = [name for name, is_bad in damaged(folder, record) if is_bad]
    if bad:
        again = f"Run `python -m engine models remove {entry.name}` and download it again."
        raise BadModel(f"{entry.title} is damaged: {', '.join(bad)}.", again)
    print(f"{entry.name}: {len(record.files)} files are as {record.repository} stated them at {record.commit[:12]}.")
    return ExitCode.DONE


def table() -> str:
    """The catalogue, a line each."""
    lines = [f"{'name':17}{'title':27}{'state':22}{'memory':>8}  licence"]
    for entry in catalogue().values():
        memory = f"{entry.memory} GB" if entry.memory else ""
        lines.append(f"{entry.name:17}{entry.title:27}{state(entry):22}{memory:>8}  {entry.licence}")
    return "\n".join(lines)


def state(entry: Entry) -> str:
    """For example ``2.1 GB to download``."""
    if entry.bundled:
        return "comes with Skyloom"
    if installed(entry):
        return "downloaded"
    if begun := started_bytes(entry):
        return f"{size(begun)} of {size(entry.megabytes * 1e6)}"
    return f"{size(entry.megabytes * 1e6)} to download"


class DownloadTerminal:
    """A line on stderr that follows the download, if that is a terminal; warnings; at the end the model's path."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def show(self, event: Event) -> None:
        start = "\r\x1b[K" if self._live else ""
        match event:
            case DownloadProgress() if self._live:
                left = "" if event.seconds_left is None else f", {duration(event.seconds_left)} left"
                what = "checking" if event.stage == "check" else "downloading"
                print(f"{start}{what} {size(event.done)} of {size(event.total)}{left}", end="", file=sys.stderr)
            case Notice():
                print(f"{start}Warning: {event.message}", file=sys.stderr)
            case Downloaded():
                print(start, end="", file=sys.stderr)
                print(event.path)
