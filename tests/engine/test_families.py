"""Each model family, by the public path and against diffusers' own pipeline, on a tiny random model."""

from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline
from tiny_models import FAMILIES, make_model

from engine.generate import generate
from engine.job import Job
from engine.models.loading import load_model
from engine.sampling.samplers import multidiffusion
from engine.sampling.solver import Solver
from engine.sampling.windows import Windows


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory) -> Path:
    return make_model(request.param, tmp_path_factory.mktemp("models") / request.param)


@pytest.mark.parametrize("guidance", [1.0, 6.0])
def test_latents_are_diffusers_own(folder, guidance):
    model = load_model(str(folder), torch.device("cpu"))
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    pipeline = DiffusionPipeline.from_pretrained(folder, **model.without)
    sizes = {"original_size": (128, 128), "target_size": (128, 128)} if "sdxl" in folder.name else {}
    theirs = pipeline(
        "a storm",
        negative_prompt="a calm",
        **sizes,
        latents=noise.clone(),
        guidance_scale=guidance,
        num_inference_steps=4,
        height=128,
        width=128,
        output_type="latent",
    ).images
    denoise = model.denoiser(model.condition("a storm", "a calm", guidance))
    solver = Solver("ddim", model.scheduler_config, 4, model.device)
    *_, last = multidiffusion(denoise, noise, solver, Windows.layout("strip", 16, 16, 16))
    torch.testing.assert_close(last.x, theirs, atol=1e-4, rtol=0)


def test_prompt_becomes_a_synchronized_panorama(folder, tmp_path):
    job = Job(prompt="a storm", model=str(folder), width=256, steps=2, sync_steps=1, seed=1)
    *_, result = generate(job, tmp_path / "sky.exr")
    assert (result.width, result.height) == (256, 128)
    assert Path(result.exr).exists()
