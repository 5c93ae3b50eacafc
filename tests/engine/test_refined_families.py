"""Skies of 2048 pixels from tiny random models of other families, by the public path: enlarged three times."""

from pathlib import Path

import pytest
import torch
from tiny_flow import make_flow_model
from tiny_models import make_model

from engine.job import Job
from engine.metrics import seam_ratio
from engine.output.pictures import read_radiance
from engine.pipeline import generate
from engine.protocol import Progress

MAKERS = {"sdxl": make_model, "sd3-without-t5": make_flow_model, "flux-dev": make_flow_model}
STAGES = 3  # from the models' 256 pixels


@pytest.fixture(scope="module", params=MAKERS)
def folder(request, tmp_path_factory) -> Path:
    return MAKERS[request.param](request.param, tmp_path_factory.mktemp("models") / request.param)


def test_a_small_model_makes_a_large_sky_that_wraps(folder, tmp_path):
    asked = {"model": str(folder), "width": 2048, "base_width": 256, "steps": 2, "sampler": "multidiffusion"}
    *events, result = generate(Job(prompt="a storm", **asked, seed=1, sun="off"), tmp_path / "sky.exr")
    assert (result.width, result.height) == (2048, 1024)
    stages = {(event.step, event.total) for event in events if isinstance(event, Progress) and event.stage == "refine"}
    assert stages == {(stage, STAGES) for stage in range(1, STAGES + 1)}
    large = read_radiance(tmp_path / "sky.exr")
    assert large.shape == (3, 1024, 2048) and torch.isfinite(large).all()
    assert large.std((1, 2)).min() > 0.01, "it is no picture"
    assert seam_ratio(large) < 1.25
