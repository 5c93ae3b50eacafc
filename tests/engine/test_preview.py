"""Previews: small, early, only if asked for, and without a trace in the result."""

import base64
from pathlib import Path

import numpy as np
import pytest

from engine.job import Job
from engine.pipeline import generate
from engine.preview import WIDTH
from engine.protocol import Preview, Result, parse_event


@pytest.mark.parametrize("width", [128, 512])
def test_previews_are_small_and_change_nothing(nano_path: Path, tmp_path: Path, width: int) -> None:
    job = Job(prompt="a storm", model=str(nano_path), width=width, steps=3, sampler="multidiffusion", seed=1)
    events = list(generate(job, tmp_path / "with.exr", previews=True))
    assert not any(isinstance(event, Preview) for event in generate(job, tmp_path / "without.exr"))
    assert (tmp_path / "with.exr").read_bytes() == (tmp_path / "without.exr").read_bytes()
    previews = [event for event in events if isinstance(event, Preview)]
    assert previews and isinstance(events[-1], Result)
    for preview in previews:
        assert parse_event(preview.to_line()) == preview
        pixels = np.frombuffer(base64.b64decode(preview.pixels), "<f2").reshape(preview.height, preview.width, 3)
        assert (preview.width, preview.height) == (min(width, WIDTH), min(width, WIDTH) // 2)
        assert np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.std() > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["with.exr", "with.png", "without.exr", "without.png"]
