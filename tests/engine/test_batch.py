"""Batches: what they make, what they skip, and what they refuse."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest
from batches import ends, make, whole
from conftest import engine_environment

from engine.batch.runner import run_batch
from engine.batch.shots import BadShots, read_shots
from engine.job import Job
from engine.models import loading
from engine.output.header import read_job
from engine.protocol import BatchProgress, ShotEnd


def test_one_bad_row_does_not_stop_the_others(engine, shot_list, tmp_path):
    path = shot_list('prompt = "a"\nvariations = 2', 'prompt = "b"\nwidth = 100', 'prompt = "c\\nd"')
    made = engine("batch", path)
    assert made.returncode == 4, made.stderr
    folder = tmp_path / "shots"
    assert "3 made, 0 already there, 1 failed" in made.stdout
    assert "line 10: failed" in made.stderr and "100 does not fit the model" in made.stderr
    assert set(whole(folder)) == {"a-0", "a-1", "c-d-0"}
    told = json.loads((folder / "summary.json").read_text())["shots"]
    assert [(row["line"], row["output"], row["status"]) for row in told] == [
        (7, "a-0.exr", "done"),
        (7, "a-1.exr", "done"),
        (10, "b-0.exr", "failed"),
        (13, "c-d-0.exr", "done"),
    ]
    assert told[2]["job"]["width"] == 100 and "100" in told[2]["message"]
    table = (folder / "summary.txt").read_text().splitlines()
    assert len(table) == 5 and "100 does not fit" in table[3]


def test_a_rerun_makes_what_is_missing_failed_or_changed(shot_list, tmp_path):
    rows = ['prompt = "a"', 'prompt = "b"', 'prompt = "c"', 'prompt = "d"', 'prompt = "e"', 'prompt = "f"\nwidth = 100']
    path, folder = shot_list(*rows), tmp_path / "shots"
    assert ends(make(path)) == dict.fromkeys(("a-0", "b-0", "c-0", "d-0", "e-0"), "done") | {"f-0": "failed"}
    assert ends(make(path)) == dict.fromkeys(("a-0", "b-0", "c-0", "d-0", "e-0"), "skipped") | {"f-0": "failed"}

    before = whole(folder)
    rows[1] += "\nguidance = 7.5"  # what the model would choose by itself, but another job
    rows[5] = 'prompt = "f"'
    shutil.copy(folder / "a-0.exr", folder / "c-0.exr")  # the right name on another sky
    (folder / "d-0.exr").write_bytes((folder / "d-0.exr").read_bytes()[:50])
    (folder / "e-0.png").unlink()
    again = {"a-0": "skipped"} | dict.fromkeys(("b-0", "c-0", "d-0", "e-0", "f-0"), "done")
    assert ends(make(shot_list(*rows))) == again
    after = whole(folder)
    assert [name for name in before if before[name] == after[name]] == ["a-0"]
    assert read_job(folder / "c-0.exr")["prompt"] == "c"
    assert [row["status"] for row in json.loads((folder / "summary.json").read_text())["shots"]] == list(again.values())


def test_a_model_is_loaded_once(shot_list, nano_path, tmp_path, monkeypatch):
    other = shutil.copytree(nano_path, tmp_path / "other")
    loaded = []
    load = loading.load_model
    monkeypatch.setattr(loading, "load_model", lambda name, device: loaded.append(name) or load(name, device))
    at_other = '\nmodel = "other"'
    events = make(shot_list('prompt = "a"', 'prompt = "b"' + at_other, 'prompt = "c"', 'prompt = "d"' + at_other))
    assert ends(events) == dict.fromkeys(("a-0", "c-0", "b-0", "d-0"), "done")
    assert loaded == [str(nano_path), str(other)]
    progress = [event for event in events if isinstance(event, BatchProgress)]
    fractions = [event.fraction for event in progress]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    assert all(event.seconds_left > 0 for event in progress if 0.1 < event.fraction < 1)


def test_a_model_that_disappears_takes_only_its_own_rows(shot_list, nano_path, tmp_path):
    other = shutil.copytree(nano_path, tmp_path / "other")
    path = shot_list('prompt = "a"', 'prompt = "b"\nmodel = "other"', 'prompt = "c"')
    shots = read_shots(path, tmp_path / "out")
    events = []
    for event in run_batch(shots, tmp_path / "out"):
        events.append(event)
        if isinstance(event, ShotEnd) and other.exists():
            shutil.rmtree(other)
    assert ends(events) == {"a-0": "done", "b-0": "failed", "c-0": "done"}
    assert "other does not exist" in next(event.message for event in events if getattr(event, "status", "") == "failed")
    with pytest.raises(BadShots, match=r"(?s)nothing was started\.\nline 9: .*other does not exist"):
        list(run_batch(shots, tmp_path / "out"))


def test_files_that_are_missing_are_told_before_anything_starts(shot_list, tmp_path):
    rows = [
        'prompt = "a"',
        'prompt = "b"\nnoise = "none"\nvariations = 2',
        'prompt = "c"\nloras = [["no.safetensors", 1]]',
    ]
    rows += ['prompt = "d"\nsync_anchor = "no.png"', 'prompt = "e"\ndevice = "cuda:7"']
    rows += ['prompt = "f"\nphotos = [{file = "no.jpg"}]', 'prompt = "g"\nstart = "no.exr"']
    rows += ['prompt = "h"\nregions = [{prompt = "i", mask = "no.tif"}]', 'prompt = "j"\nupscaler = "no.safetensors"']
    with pytest.raises(BadShots) as caught:
        make(shot_list(*rows))
    told = caught.value.message.splitlines()
    lines = (9, 13, 16, 19, 22, 25, 28, 31)
    assert [line.partition(":")[0] for line in told[1:]] == [f"line {line}" for line in lines]
    assert f"{tmp_path / 'no.png'} does not exist" in told[3]
    assert not list((tmp_path / "shots").glob("*.exr"))


def test_a_sky_as_a_preset(shot_list, tmp_path):
    make(shot_list('prompt = "a"\nguidance = 3'))
    sky = tmp_path / "shots" / "a-0.exr"
    (shot,) = read_shots(shot_list(f'prompt = "b"\npreset = "{sky}"\nseed = 5\nsteps = 3'), tmp_path)
    assert shot.job == Job.from_dict(read_job(sky) | {"prompt": "b", "seed": 5, "steps": 3})


def test_a_clock_that_jumps_changes_nothing(shot_list, tmp_path, monkeypatch):
    """Back by a year while skies are made, and files from the future: neither is what decides."""
    path, folder = shot_list('prompt = "a"\nvariations = 3'), tmp_path / "shots"
    jumps = itertools.count(time.time(), -31_536_000)
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    monkeypatch.setattr(time, "time_ns", lambda: int(next(jumps) * 1e9))
    events = make(path)
    assert ends(events) == dict.fromkeys(("a-0", "a-1", "a-2"), "done")
    assert all(0 <= event.seconds < 60 for event in events if isinstance(event, ShotEnd))
    assert all((event.seconds_left or 0) >= 0 for event in events if isinstance(event, BatchProgress))
    for name, year in (("a-0.exr", 2**31), ("a-1.png", 2**31), ("a-2.exr", 0)):
        os.utime(folder / name, (year, year))
    assert ends(make(path)) == dict.fromkeys(("a-0", "a-1", "a-2"), "skipped")


def test_bad_rows_start_nothing(engine, shot_list, tmp_path):
    refused = engine("batch", shot_list('prompt = "a"', "width = 5", 'promt = "c"'), "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[0] == "Error: shots.toml has 2 bad rows; nothing was started."
    assert [line.split(":")[0] for line in refused.stderr.splitlines()[1:]] == ["line 9", "line 11"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--rows", "3"), "has no such rows"),
        (("--rows", "2-1"), "'2-1' is no row or range"),
        (("--rows", "0"), "'0' is no row or range"),
        (("--out", "/proc/out"), "cannot be used"),
        (("--out", "shots.toml"), "cannot be used"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(engine, shot_list, arguments, says):
    refused = engine("batch", shot_list('prompt = "a"'), *arguments)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1 and says in refused.stderr


@pytest.mark.skipif(os.name == "nt", reason="opens a POSIX terminal")
def test_a_terminal_gets_a_bar(shot_list, tmp_path):
    import pty  # Windows has none

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "engine", "batch", shot_list('prompt = "a"\nvariations = 2')]
    made = subprocess.run(command, env=engine_environment(), stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert made.returncode == 0
    assert "2 made" in made.stdout.decode()
    assert re.search(r"\[#{15}\.{15}\] 1 of 2, \d+ s left", shown)
    assert f"[{'#' * 30}] 2 of 2" in shown
