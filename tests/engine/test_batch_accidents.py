"""Batches as a night on a farm meets them: killed, full, refused, run again. Nothing that was finished is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import islice

import pytest
from batches import LONG, ends, events_of, make, start, whole
from conftest import engine_environment

from engine.batch.lock import locked
from engine.batch.runner import run_batch
from engine.batch.shots import read_shots
from engine.errors import BadRequest
from engine.protocol import BatchProgress, BatchResult, Failure, ShotEnd, parse_event


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_killed_batch_goes_on_where_it_was(shot_list, tmp_path):
    path, folder = shot_list('prompt = "a"\nvariations = 3', LONG), tmp_path / "shots"
    process = start(path)
    made = list(islice((event for event in events_of(process) if isinstance(event, ShotEnd)), 3))
    assert [event.status for event in made] == ["done"] * 3
    process.kill()
    process.communicate()
    before = whole(folder)
    assert set(before) == {"a-0", "a-1", "a-2"}
    leftover = folder / f".a-1.{process.pid}.partial.exr"  # as of a kill in the middle of a write
    leftover.write_bytes(b"half")
    (folder / ".a-12.5.partial.png").write_bytes(b"of a sky that is not in this list")

    events = make(shot_list('prompt = "a"\nvariations = 3', 'prompt = "short"'))
    assert ends(events) == {"a-0": "skipped", "a-1": "skipped", "a-2": "skipped", "short-0": "done"}
    assert whole(folder).items() > before.items()
    assert [file.name for file in folder.glob(".a-*partial*")] == [".a-12.5.partial.png"]


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_two_batches_never_write_one_file(engine, shot_list, tmp_path):
    path = shot_list('prompt = "a"', LONG)
    first = start(path, "--rows", "2")
    while not isinstance(next(events_of(first)), BatchProgress):
        pass
    refused = engine("batch", path)
    assert refused.returncode == 2
    assert "Another batch is working on long-0.exr" in refused.stderr
    assert not (tmp_path / "shots" / "a-0.exr").exists()
    assert engine("batch", path, "--rows", "1").returncode == 0, "another row of the list is another farm task"
    first.kill()
    first.communicate()
    assert ends(make(shot_list('prompt = "a"', 'prompt = "short"'))) == {"a-0": "skipped", "short-0": "done"}


@pytest.mark.skipif(os.name == "nt", reason="there very many names are locked one by one, too")
def test_very_many_names_are_locked_at_once(tmp_path):
    """Against a few and against many; a lock is its process's, so there is another one."""
    code = """if True:
        import sys
        from pathlib import Path
        from engine.batch.lock import locked
        from engine.errors import BadRequest
        for names in (["7.exr"], map(str, range(20_000))):
            try:
                with locked(Path(sys.argv[1]), names):
                    print("held")
            except BadRequest as error:
                print(error)
    """
    command = [sys.executable, "-c", code, tmp_path]

    def tried() -> list[str]:
        return subprocess.run(command, env=engine_environment(), capture_output=True, text=True).stdout.splitlines()

    with locked(tmp_path, (f"{number}.exr" for number in range(100_000))):
        few, many = tried()
    assert "working on 7.exr" in few and "working on something" in many
    assert tried() == ["held", "held"]


def test_two_lists_in_one_folder_at_once(shot_list, tmp_path):
    """They share no sky, but the summary; locks are the process's, so the first one is another process."""
    path = shot_list(LONG)
    first = start(path, "--out", tmp_path / "out")
    while not isinstance(next(events_of(first)), BatchProgress):
        pass
    with pytest.raises(BadRequest, match=r"working on summary\.json"):
        list(run_batch(read_shots(shot_list('prompt = "a"'), tmp_path / "out"), tmp_path / "out"))
    first.kill()
    first.communicate()


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_interrupt_keeps_what_is_finished(shot_list, tmp_path):
    process = start(shot_list('prompt = "a"', LONG))
    for event in events_of(process):
        if isinstance(event, BatchProgress) and event.fraction > 0.6:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was finished stays" in errors
    folder = tmp_path / "shots"
    assert set(whole(folder)) == {"a-0"}
    told = json.loads((folder / "summary.json").read_text())["shots"]
    assert [row["status"] for row in told] == ["done", "waiting"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_full_disk_fails_only_while_it_is_full(shot_list, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", disk], check=True)
    try:
        path, filler = shot_list('prompt = "a"\nvariations = 3'), disk / "filler"
        for event in run_batch(read_shots(path, disk), disk):
            match event:
                case BatchProgress(ended=1, fraction=share) if share > 0.5 and not filler.exists():
                    filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - 60_000))
                case ShotEnd(status="failed"):
                    assert "disk is full" in event.message
                    filler.unlink()
                case BatchResult():
                    assert (event.done, event.failed) == (2, 1)
        assert set(whole(disk)) == {"a-0", "a-2"}
        assert ends(list(run_batch(read_shots(path, disk), disk))) == {
            "a-0": "skipped",
            "a-1": "done",
            "a-2": "skipped",
        }
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_summary_that_cannot_be_written_is_an_error_and_costs_no_sky(shot_list, tmp_path):
    path = shot_list('prompt = "a"')
    (tmp_path / "shots" / "summary.json").mkdir(parents=True)
    process = start(path)
    events = [parse_event(line) for line in process.communicate()[0].splitlines()]
    assert process.returncode == 4
    assert isinstance(events[-1], Failure) and "summary.json could not be written" in events[-1].message
    assert set(whole(tmp_path / "shots")) == {"a-0"}
