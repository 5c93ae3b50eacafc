"""Weighted words, and prompts longer than a text encoder reads at once."""

import pytest
import torch
from tiny_flow import make_flow_model

from engine.job import Job
from engine.models.loading import load_model
from engine.models.text import weighted_parts
from engine.pipeline import generate
from engine.protocol import Notice


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a sky", [("a sky", 1)]),
        ("a (red:1.3) sky", [("a ", 1), ("red", 1.3), (" sky", 1)]),
        ("(far sea:.5)(sky:2)", [("", 1), ("far sea", 0.5), ("", 1), ("sky", 2), ("", 1)]),
        ("at (10:30 h) or (so)", [("at (10:30 h) or (so)", 1)]),
        (r"\(red:1.3\)", [("(red:1.3)", 1)]),
    ],
)
def test_weights_are_read(prompt, parts):
    assert list(weighted_parts(prompt)) == parts


def states(model, prompt: str) -> torch.Tensor:
    return model.condition(prompt, "", 7.5).positive["text"][0]


def test_a_weight_scales_its_words_alone(nano):
    plain, nothing = states(nano, "a red sky"), states(nano, "")
    weighted = states(nano, "a (red:1.5) sky")
    words = slice(2, 5)  # after the start and "a"; a letter is a token
    torch.testing.assert_close(weighted[words], nothing[words] + 1.5 * (plain[words] - nothing[words]))
    weighted[words] = plain[words]
    assert torch.equal(weighted, plain)


def test_a_long_prompt_is_read_in_blocks(nano, nano_path, tmp_path):
    start, end = "a " * 75, "b " * 80
    both = states(nano, start + end)
    assert len(both) == 3 * 77
    torch.testing.assert_close(both[:77], states(nano, start), atol=1e-5, rtol=0)
    assert not torch.equal(both[77:154], states(nano, start + "c " * 80)[77:154])
    job = Job(prompt=start + end, negative="c", model=str(nano_path), width=256, steps=1, sampler="multidiffusion")
    assert not [event for event in generate(job, tmp_path / "sky.exr") if isinstance(event, Notice)]


def test_what_t5_does_not_read_is_told(tmp_path):
    flux = load_model(str(make_flow_model("flux-dev", tmp_path)), torch.device("cpu"))
    assert flux.overflow("short") == ""
    assert flux.overflow("a " * 400 + "tail").endswith("tail")
