"""The command line as its users meet it: files, exit codes, one clear line per failure, never a traceback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from conftest import engine_environment
from PIL import Image
from safetensors.torch import save_file
from skies import pixels

from engine.output.header import read_attribute
from engine.protocol import Result, parse_event

FAST = ("--width", 128, "--steps", 2, "--sync-steps", 1, "--stride", 4)


def assert_clear(process: subprocess.CompletedProcess, code: int, *words: str) -> None:
    assert process.returncode == code, process.stderr
    assert len(process.stderr.strip().splitlines()) == 1, process.stderr
    assert "Traceback" not in process.stderr + process.stdout
    for word in words:
        assert word in process.stderr


def sampling(*arguments: object) -> subprocess.Popen:
    """A `generate` process in the middle of its work: after the first step."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "generate", "a", "--events", *(str(argument) for argument in arguments)],
        env=engine_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert any('"stage": "sample"' in line for line in process.stdout)
    return process


def test_generate_writes_what_it_says(engine, nano_path, tmp_path):
    made = engine("generate", "golden hour ☀️", "--model", nano_path, "--out", "sky.exr", "--seed", 7, *FAST)
    assert made.returncode == 0, made.stderr
    assert str(tmp_path / "sky.exr") in made.stdout
    assert pixels(tmp_path / "sky.exr").shape == (64, 128, 3)
    assert pixels(tmp_path / "sky.exr").dtype == np.float32
    header = OpenEXR.File(str(tmp_path / "sky.exr"), header_only=True).header()
    assert header["compression"] == OpenEXR.ZIP_COMPRESSION
    assert Image.open(tmp_path / "sky.png").size == (128, 64)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sky.exr", "sky.png"]

    shown = engine("show", "sky.exr")
    job = json.loads(shown.stdout)
    assert (job["prompt"], job["seed"], job["guidance"], job["window"]) == ("golden hour ☀️", 7, 7.5, 8)

    (tmp_path / "job.json").write_text(shown.stdout)
    for source, out in (("job.json", "again.exr"), ("sky.exr", "third.exr")):
        assert engine("generate", "--job", source, "--out", out).returncode == 0
        assert np.array_equal(pixels(tmp_path / "sky.exr"), pixels(tmp_path / out))

    assert engine("generate", "--job", "job.json", "--seed", 8, "--out", "other.exr").returncode == 0
    assert not np.array_equal(pixels(tmp_path / "sky.exr"), pixels(tmp_path / "other.exr"))


def test_events_are_what_blender_reads(engine, nano_path, tmp_path):
    made = engine("generate", "word " * 2000, "--model", nano_path, "--out", "sky.exr", "--events", *FAST)
    events = [parse_event(line) for line in made.stdout.splitlines()]
    assert None not in events
    assert [event.event for event in events].count("result") == 1
    assert isinstance(events[-1], Result)
    fractions = [event.fraction for event in events if event.event == "progress"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize(
    "choice", [("--sampler", "spot"), ("--sampler", "full"), ("--sampler", "swap"), ("--solver", "dpm++2m")]
)
def test_other_samplers_and_solvers_make_a_sky(engine, nano_path, tmp_path, choice):
    made = engine("generate", "a", "--model", nano_path, "--out", "sky.exr", "--width", 128, "--steps", 2, *choice)
    assert made.returncode == 0, made.stderr
    assert json.loads(engine("show", "sky.exr").stdout)[choice[0].strip("-")] == choice[1]


def test_output_is_named_after_the_prompt(engine, nano_path, tmp_path):
    assert engine("generate", "A calm\nsea", "--model", nano_path, "--seed", 1, *FAST).returncode == 0
    assert (tmp_path / "a-calm-sea-1.exr").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("generate",), 2, "no prompt"),
        (("generate", ""), 2, "prompt is empty"),
        (("generate", "a", "--widht", "5"), 2, "--widht"),
        (("generate", "a", "--width", "100"), 2, "100 does not fit the model"),
        (("generate", "a", "--width", "63"), 2, "between 64 and"),
        (("generate", "a", "--width", "sixty"), 2, "invalid int"),
        (("generate", "a", "--width", "65536"), 2, "of memory"),
        (("generate", "a", "--steps", "2", "--sync-steps", "3"), 2, "only 2 steps"),
        (("generate", "a", "--sync-steps", "51"), 2, "only 50 steps"),
        (("generate", "a", "--stride", "3"), 2, "does not divide"),
        (("generate", "a", "--sampler", "full", "--stride", "8"), 2, "has no windows"),
        (("generate", "a", "--sampler", "spot", "--windows", "strip"), 2, "side by side"),
        (("generate", "a", "--sync-windows", "side-by-side", "--windows", "strip"), 2, "on a ring only"),
        (("generate", "a", "--window", "8", "--stride", "16"), 2, "larger than the window"),
        (("generate", "a", "--width", "64", "--window", "16"), 2, "wider than the panorama"),
        (("generate", "a", "--sync-weight", "-1"), 2, "sync_weight is -1"),
        (("generate", "a", "--sync-weight", "1e7"), 2, "sync_weight is 10000000.0"),
        (("generate", "a", *FAST, "--sync-anchor", __file__), 2, "cannot be read as a picture"),
        (("generate", "a", "--lora", "missing.safetensors"), 3, "does not exist"),
        (("generate", "a", "--solver", "rk45"), 2, "rk45"),
        (("generate", "a", "--steps", "1000", "--width", "128"), 2, "less than 1000"),
        (("generate", "a", "--sync-weight", "nan"), 2, "sync_weight is nan"),
        (("generate", "a", "--device", "quantum"), 2, "quantum"),
        (("generate", "a", "--device", "cuda:99"), 2, "not available"),
        (("generate", "a", "--out", "sky.jpg"), 2, ".exr"),
        (("generate", "a", "--out", "/proc/nowhere/sky.exr"), 2, "cannot be written"),
        (("generate", "a", "--noise", "missing.safetensors"), 2, "does not exist"),
        (("generate", "--job", "missing.json"), 2, "cannot be read"),
        (("generate", "a", "--model", "missing"), 3, "does not exist"),
        (("show", "missing.exr"), 2, "does not exist"),
        (("show",), 2, "file"),
        ((), 2, "COMMAND"),
    ],
)
def test_failure_is_one_clear_line(engine, nano_path, tmp_path, arguments, code, says):
    model = () if "--model" in arguments or arguments[:1] != ("generate",) else ("--model", nano_path)
    assert_clear(engine(*arguments, *model), code, says)
    assert list(tmp_path.iterdir()) == []


def model_without(nano_path: Path, folder: Path, **changes: object) -> Path:
    """The tiny model with other entries in its index."""
    shutil.copytree(nano_path, folder)
    index = folder / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | changes))
    return folder


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"_class_name": "KandinskyPipeline"}, "a family that Skyloom does not know"),
        ({"text_encoder": [None, None]}, "has no text_encoder"),
    ],
)
def test_model_that_cannot_paint_is_one_clear_line(engine, nano_path, tmp_path, tmp_path_factory, changes, says):
    folder = model_without(nano_path, tmp_path_factory.mktemp("models") / "model", **changes)
    assert_clear(engine("generate", "a", "--model", folder, *FAST), 3, says)
    assert list(tmp_path.iterdir()) == []


def test_lora_of_another_family_is_one_clear_line(engine, nano_path, tmp_path, tmp_path_factory):
    lora = tmp_path_factory.mktemp("models") / "flux.safetensors"
    save_file({"transformer.single.lora_A.weight": torch.zeros(2, 4)}, lora)
    assert_clear(engine("generate", "a", "--model", nano_path, "--lora", lora, *FAST), 3, "does not fit this model")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_exr_has_no_job(engine, tmp_path):
    (tmp_path / "text.exr").write_text("hello")
    assert_clear(engine("show", "text.exr"), 2, "cannot be read as an EXR")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_full_disk_leaves_nothing(engine, nano_path, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk], check=True)
    try:
        # 160 KB pass the check before the start (128 x 64 x 16 bytes) until the filler takes them during the run.
        started = sampling("--model", nano_path, "--out", disk / "sky.exr", *FAST)
        (disk / "filler").write_bytes(b"x" * 150_000)
        _, errors = started.communicate(timeout=120)
        assert started.returncode == 4, errors
        assert "disk is full" in errors
        assert [file.name for file in disk.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_with_130_and_no_file(nano_path, tmp_path, number):
    slow = ("--width", 128, "--steps", 500, "--sampler", "multidiffusion")
    process = sampling("--model", nano_path, "--out", tmp_path / "sky.exr", *slow)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Cancelled" in errors
    assert "Traceback" not in errors
    assert '"event": "cancelled"' in output
    assert list(tmp_path.iterdir()) == []


def test_importing_the_package_needs_no_torch():
    """Blender's Python imports these."""
    names = ("job", "protocol", "client", "arguments", "environment", "output.header", "light.found", "models.store")
    code = f"import sys, {', '.join(f'engine.{name}' for name in names)}; "
    subprocess.run(
        [sys.executable, "-c", code + "assert not {'torch', 'numpy', 'bpy'} & set(sys.modules)"],
        env=engine_environment(),
        check=True,
    )


def test_clock_is_not_in_the_picture(engine, nano_path, tmp_path):
    """Two runs of one job give the same bytes."""
    for out in ("one.exr", "two.exr"):
        assert engine("generate", "a", "--model", nano_path, "--seed", 1, "--out", out, *FAST).returncode == 0
        time.sleep(1.1)
    assert (tmp_path / "one.exr").read_bytes() == (tmp_path / "two.exr").read_bytes()


def test_light_is_told_and_kept_in_the_header(engine, nano_path, tmp_path):
    """A tiny model of random weights paints no sun, so the prompt's hour puts one, at the exposure asked for."""
    made = engine(
        *("generate", "sunny noon", "--model", nano_path, "--out", "sky.exr", "--seed", 7),
        *("--exposure", 1, "--events", *FAST),
    )
    events = [parse_event(line) for line in made.stdout.splitlines()]
    light = events[-1].light
    assert light["kind"] == "sun"
    assert light["white_card"] == pytest.approx(2.0, rel=1e-3)
    assert pixels(tmp_path / "sky.exr").max() > 10
    assert read_attribute(tmp_path / "sky.exr", "skyloom.light") == light
    assert read_attribute(tmp_path / "sky.exr", "skyloom.job")["exposure"] == 1
