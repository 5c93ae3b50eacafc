"""What tests of batches share: they make one in this process or in another, and look at what came of it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import OpenEXR
from conftest import engine_environment

from engine.batch.runner import run_batch
from engine.batch.shots import read_shots
from engine.protocol import Event, ShotEnd, parse_event

LONG = 'prompt = "long"\nsteps = 900\n'


def make(path: Path) -> list[Event]:
    return list(run_batch(read_shots(path, path.with_suffix("")), path.with_suffix("")))


def ends(events: list[Event]) -> dict[str, str]:
    return {Path(event.exr).stem: event.status for event in events if isinstance(event, ShotEnd)}


def start(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "engine", "batch", *map(str, arguments), "--events"]
    return subprocess.Popen(
        command, env=engine_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def events_of(process: subprocess.Popen) -> Iterator[Event]:
    return (parse_event(line) for line in process.stdout)


def whole(folder: Path) -> dict[str, int]:
    """The EXRs in *folder*, which must all be readable, and when they were written."""
    for file in folder.glob("*.exr"):
        assert OpenEXR.File(str(file)).channels()["RGB"].pixels.shape == (64, 128, 3)
    return {file.stem: file.stat().st_mtime_ns for file in folder.glob("*.exr")}
