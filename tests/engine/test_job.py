"""Jobs are validated, complete and survive JSON."""

import pytest

from engine.errors import BadRequest
from engine.file_names import default_output
from engine.job import Job
from engine.loss_weights import loss_weights


def test_round_trip_through_json():
    job = Job(prompt="sunset 🌅 ñ", seed=7, width=512, steps=3, guidance=4, windows="strip", sync_anchor="-90")
    assert job.sync_anchor == -90.0
    assert Job.from_json(job.to_json()) == job
    job = Job(prompt="a", loras=[["a.safetensors", 1]], embeddings=["b.safetensors"])
    assert Job.from_json(job.to_json()) == job


def test_losses_are_a_sum_of_weighted_names():
    assert loss_weights("lpips-vgg") == {"lpips-vgg": 1.0}
    assert loss_weights("lpips-alex+ 1e2*style") == {"lpips-alex": 1.0, "style": 100.0}


def test_text_is_one_line():
    assert Job(prompt="  a\nb\t\0 c\r\n").prompt == "a b c"


def test_long_prompt_and_emoji_are_kept():
    text = "☀️ " + "cloud " * 2000
    assert Job(prompt=text).prompt == text.strip()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"prompt": ""}, "prompt is empty"),
        ({"prompt": "\n \t"}, "prompt is empty"),
        ({"prompt": 5}, "prompt must be text"),
        ({}, "no prompt"),
        ({"prompt": "a", "widht": 5}, "Did you mean width"),
        ({"prompt": "a", "width": 32}, "between 64 and"),
        ({"prompt": "a", "width": 10**9}, "between 64 and"),
        ({"prompt": "a", "width": "512"}, "whole number"),
        ({"prompt": "a", "steps": 0}, "steps is 0"),
        ({"prompt": "a", "steps": True}, "whole number"),
        ({"prompt": "a", "seed": -1}, "seed is -1"),
        ({"prompt": "a", "guidance": float("nan")}, "guidance is nan"),
        ({"prompt": "a", "sync_weight": -1}, "sync_weight is -1"),
        ({"prompt": "a", "sync_weight": 10**400}, "sync_weight is 1000"),
        ({"prompt": "a", "sync_decay": None}, "sync_decay must be a number, not None"),
        ({"prompt": "a", "sync_gradient_steps": None}, "sync_gradient_steps must be a number, not None"),
        ({"prompt": "a", "sync_weight": float("inf")}, "sync_weight is inf"),
        ({"prompt": "a", "steps": 2, "sync_steps": 3}, "only 2 steps"),
        ({"prompt": "a", "sync_from": -1}, "sync_from is -1"),
        ({"prompt": "a", "sync_windows": "some"}, "all, side-by-side"),
        ({"prompt": "a", "precision": "double"}, "auto, full, half"),
        ({"prompt": "a", "sync_every": 0}, "sync_every is 0"),
        ({"prompt": "a", "sync_gradient_steps": 1000}, "sync_gradient_steps is 1000"),
        ({"prompt": "a", "sync_loss": "ssim"}, "'ssim'.* lpips-vgg, lpips-alex"),
        ({"prompt": "a", "sync_loss": "style + "}, "''"),
        ({"prompt": "a", "sync_loss": "-1 * style"}, "weight of style.*'-1'"),
        ({"prompt": "a", "sync_loss": "nan * style"}, "weight of style.*'nan'"),
        ({"prompt": "a", "sync_loss": 3}, "sync_loss must be a text"),
        ({"prompt": "a", "sync_loss": "clip"}, "no CLIP is named"),
        ({"prompt": "a", "sync_anchor": "nan"}, "sync_anchor is nan"),
        ({"prompt": "a", "sync_anchor": 361}, "sync_anchor is 361"),
        ({"prompt": "a", "sync_anchor": None}, "sync_anchor must be"),
        ({"prompt": "a", "sync_anchor": True}, "sync_anchor must be a number"),
        ({"prompt": "a", "sync_anchor": 10**400}, "sync_anchor is 1000"),
        ({"prompt": "a", "sync_gradient": "none"}, "exact, decoder"),
        ({"prompt": "a", "sync_gradient": "decoder", "sync_decoder_below": -1}, "sync_decoder_below is -1"),
        ({"prompt": "a", "sync_decoder_below": 0.5}, "no meaning"),
        ({"prompt": "a", "sampler": "magic"}, "sync, multidiffusion"),
        ({"prompt": "a", "windows": "cube"}, "ring, reference, strip"),
        ({"prompt": "a", "model": ""}, "model must be"),
        ({"prompt": "a", "loras": "x"}, "loras must be a list"),
        ({"prompt": "a", "loras": ["x"]}, "a file and its scale"),
        ({"prompt": "a", "loras": [["x", 99]]}, "between -10 and 10"),
        ({"prompt": "a", "embeddings": [1]}, "embeddings must be"),
    ],
)
def test_bad_values_are_named(values, names):
    with pytest.raises(BadRequest, match=names):
        Job.from_dict(values)


@pytest.mark.parametrize("text", ["", "{", "[]", '"a"', "null"])
def test_what_is_not_a_job_is_refused(text):
    with pytest.raises(BadRequest):
        Job.from_json(text)


def test_seed_is_drawn_once():
    job = Job(prompt="a").with_seed()
    assert job.seed is not None
    assert job.with_seed() is job


def test_file_name_says_what_it_holds(tmp_path):
    assert (
        default_output(tmp_path, Job(prompt="Golden hour, over a sea!", seed=3)).name == "golden-hour-over-a-sea-3.exr"
    )
    assert default_output(tmp_path, Job(prompt="☀️", seed=3)).name == "sky-3.exr"
    assert len(default_output(tmp_path, Job(prompt="cloud " * 2000, seed=3)).name) < 80
