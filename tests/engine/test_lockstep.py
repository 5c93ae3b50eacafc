"""Rows of a batch side by side: the same skies in fewer calls of the network, and each row fails for itself alone."""

import threading
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch
from batches import ends
from skies import pixels

from engine.batch import crew
from engine.batch.crew import Alone, alike, panoramas_per_call
from engine.batch.runner import run_batch
from engine.batch.shots import read_shots
from engine.job import Job
from engine.models.stable_diffusion import StableDiffusion
from engine.plan import plan
from engine.protocol import BatchProgress, ShotEnd

ROWS = ('prompt = "a storm"\nseed = 3', 'prompt = "noon"\nnegative = "people"\nseed = 4', 'prompt = "fog"\nseed = 3')


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """How many pictures each call of the network without gradients was for."""
    counted: list[int] = []
    call = StableDiffusion._call_network

    def counting(self, x, timestep, inputs):
        if not torch.is_grad_enabled():
            counted.append(len(x))
        return call(self, x, timestep, inputs)

    monkeypatch.setattr(StableDiffusion, "_call_network", counting)
    return counted


def refuse(monkeypatch, refused, error: Exception) -> None:
    """Let the network raise *error* for what *refused* says of x and the inputs."""
    call = StableDiffusion._call_network

    def picky(self, x, timestep, inputs):
        if refused(x, inputs):
            raise error
        return call(self, x, timestep, inputs)

    monkeypatch.setattr(StableDiffusion, "_call_network", picky)


def make(path, folder, together):
    return list(run_batch(read_shots(path, folder), folder, crew=Alone(together)))


@pytest.mark.parametrize(
    ("settings", "alone", "together"),
    [
        ('sampler = "multidiffusion"', 6, 2),
        ('sampler = "multidiffusion"\nsolver = "lcm"\nguidance = 1', 6, 2),
        ('sampler = "swap"', 6, 2),
        ('sampler = "spot"', 6, 2),
        ('sampler = "sync"\nsync_steps = 1', 9, 3),  # in the synchronized step the anchor, and then the others
        ('sampler = "sync"\nsync_steps = 1\nsync_windows = "side-by-side"', 9, 3),
        ('sampler = "multidiffusion"\nregions = [{prompt = "hail"}]', 12, 4),
        ('sampler = "multidiffusion"\nprecision = "half"', 6, 2),
        ('sampler = "full"', 6, 6),  # one window is the whole ring, and the network goes round
    ],
)
def test_the_same_skies_in_fewer_calls(shot_list, tmp_path, calls, settings, alone, together):
    path = shot_list(*(f"{row}\n{settings}" for row in ROWS))
    made = {}
    for count, expected in ((1, alone), (3, together)):
        folder = tmp_path / str(count)
        assert set(ends(make(path, folder, count)).values()) == {"done"}
        assert len(calls) == expected
        calls.clear()
        made[count] = [pixels(file) for file in sorted(folder.glob("*.exr"))]
    for one, other in zip(made[1], made[3], strict=True):
        assert np.allclose(one, other, rtol=0.02 if "half" in settings else 1e-3, atol=1e-4)


def test_a_row_that_fails_takes_nobody_with_it(shot_list, tmp_path, calls, monkeypatch):
    """One fails in the network, and with it the first call for all; one cannot be saved."""
    condition = StableDiffusion.condition

    def poisoned(self, prompt, negative, guidance):
        made = condition(self, prompt, negative, guidance)
        made.positive["text"] *= torch.nan if prompt == "poison" else 1
        return made

    monkeypatch.setattr(StableDiffusion, "condition", poisoned)
    refuse(monkeypatch, lambda x, inputs: inputs["text"].isnan().any(), ValueError("poison"))
    path = shot_list(*ROWS, 'prompt = "poison"', 'prompt = "taken"')
    (tmp_path / "out" / "taken-0.exr").mkdir(parents=True)
    events = make(path, tmp_path / "out", 5)
    good = {"a-storm-3": "done", "noon-4": "done", "fog-3": "done"}
    assert ends(events) == good | {"poison-0": "failed", "taken-0": "failed"}
    assert "ValueError: poison" in str([event.message for event in events if isinstance(event, ShotEnd)])
    assert calls == [16, 16, 16, 48], "three by themselves, after one for four has failed; then together again"


def test_where_memory_runs_out_fewer_are_asked_for_at_once(shot_list, tmp_path, calls, monkeypatch):
    refuse(monkeypatch, lambda x, inputs: len(x) > 30, RuntimeError("CUDA out of memory"))
    assert set(ends(make(shot_list(*ROWS), tmp_path / "out", 3)).values()) == {"done"}
    assert calls == [24, 24, 24, 24]


def test_interrupted_it_leaves_nothing_behind(shot_list, tmp_path):
    shots = read_shots(shot_list(*(f"{row}\nsteps = 900" for row in ROWS)), tmp_path / "out")
    with closing(run_batch(shots, tmp_path / "out", crew=Alone(3))) as batch:
        for event in batch:
            if isinstance(event, BatchProgress) and event.fraction > 0.12:
                break
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("row")]
    assert not list((tmp_path / "out").glob(".*partial*")) and not list((tmp_path / "out").glob("*.exr"))


def test_which_rows_go_together(shot_list, tmp_path):
    """Those that differ in prompt, negative and seed only; an accelerator gets as many as fill a call."""
    rows = (
        *ROWS,
        'prompt = "a"\nwidth = 256',
        'prompt = "b"',
        'prompt = "c"\nmodel = "other"',
        'prompt = "d"\nsteps = 3',
    )
    shots = read_shots(shot_list(*rows, 'prompt = "e"\nwidth = 256'), tmp_path)
    assert [[shot.row for shot in group] for group in alike(shots)] == [[1, 2, 3, 5], [4, 8], [7], [6]]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (lambda pictures: 0.05, [16, 16, 48, 48, 48]),  # a call takes as long for many: side by side
        (lambda pictures: 0.05 * (pictures / 16) ** 3, [16, 16, 48, 48, 16, 16, 16]),  # many are too many: one by one
    ],
)
def test_rows_are_made_as_they_are_made_fastest(shot_list, tmp_path, calls, monkeypatch, seconds, expected):
    """The calls of the network, made slow in two ways."""
    call = StableDiffusion._call_network

    def slow(self, x, timestep, inputs):
        time.sleep(seconds(len(x)))
        return call(self, x, timestep, inputs)

    monkeypatch.setattr(StableDiffusion, "_call_network", slow)
    monkeypatch.setattr(crew, "panoramas_per_call", lambda todo: 3)
    rows = [f'prompt = "{words}"\nsteps = 1\nsampler = "multidiffusion"' for words in "abcdefghijk"]
    assert set(ends(make(shot_list(*rows), tmp_path / "out", None)).values()) == {"done"}
    assert calls == expected


def test_as_many_panoramas_as_fill_a_call(nano):
    todo = plan(Job(prompt="a", width=128), nano)
    assert [panoramas_per_call(replace(todo, call=call)) for call in (4, 8, 15, 16, 64)] == [1, 1, 1, 2, 8]
    assert panoramas_per_call(replace(todo, call=64, stages=(256,))) == 1, "one that is enlarged is enough for itself"
