"""Models without text, by the public path and against diffusers' own pipelines, on tiny random models."""

from pathlib import Path

import pytest
import torch
from diffusers import DDIMPipeline, DiffusionPipeline
from tiny_unconditional import NAMES, make_unconditional_model

from engine.job import Job
from engine.models.loading import load_model
from engine.pipeline import generate
from engine.protocol import Notice
from engine.sampling.samplers import multidiffusion
from engine.sampling.windows import Windows


@pytest.fixture(scope="module", params=NAMES)
def folder(request, tmp_path_factory) -> Path:
    return make_unconditional_model(request.param, tmp_path_factory.mktemp("models") / request.param)


def test_picture_is_diffusers_own(folder):
    """Pixel models clip, as their configuration says."""
    model = load_model(str(folder), torch.device("cpu"))
    pipeline = (DDIMPipeline if folder.name == "ddpm" else DiffusionPipeline).from_pretrained(folder)
    size = model.native_height // model.factor
    theirs = pipeline(num_inference_steps=4, generator=torch.Generator().manual_seed(1), output_type="np").images[0]
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(1))
    solver = model.solver("ddim", 4, (size, size), torch.Generator())
    denoise = model.denoiser(model.condition("", "", 1.0))
    *_, last = multidiffusion(denoise, noise, solver, Windows.layout("strip", size, size, size))
    with torch.no_grad():
        ours = (model.decode(last.x, wraps=False)[0] / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(ours, torch.from_numpy(theirs).permute(2, 0, 1), atol=1e-4, rtol=0)


@pytest.mark.parametrize("sampler", ["sync", "full"])
def test_noise_becomes_a_panorama(folder, sampler, tmp_path):
    job = Job(prompt="a storm", guidance=5, model=str(folder), width=256, steps=2, sampler=sampler, seed=1)
    *events, result = generate(job, tmp_path / "sky.exr")
    assert (result.width, result.height, result.job["guidance"]) == (256, 128, 1.0)
    assert [event.code for event in events if isinstance(event, Notice)] == ["prompt_unused"]
