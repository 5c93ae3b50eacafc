"""Each model family, by the public path and against diffusers' own pipeline, on a tiny random model."""

import re
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline
from tiny_models import FAMILIES, make_model

from engine.errors import BadRequest
from engine.job import Job
from engine.models.loading import load_model
from engine.models.model import Model
from engine.pipeline import generate
from engine.plan import plan
from engine.protocol import Notice
from engine.sampling.samplers import multidiffusion
from engine.sampling.windows import Windows

STEPS = 4
NOISE = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory) -> Path:
    return make_model(request.param, tmp_path_factory.mktemp("models") / request.param)


def paint(model: Model, guidance: float, init_noise_sigma: float) -> torch.Tensor:
    """Our latents of one window with the model's own solver, from the noise that diffusers scales by a sigma."""
    denoise = model.denoiser(model.condition("a storm", "a calm", guidance))
    solver = model.solver(model.solvers[0], STEPS, (16, 16), torch.Generator().manual_seed(2))
    noise = NOISE if model.solvers[0] != "euler" else NOISE * init_noise_sigma * solver.levels[0].alpha
    *_, last = multidiffusion(denoise, noise, solver, Windows.layout("strip", 16, 16, 16))
    return last.x


@pytest.mark.parametrize("guidance", [1.0, 6.0])
def test_latents_are_diffusers_own(folder, guidance):
    model = load_model(str(folder), torch.device("cpu"))
    pipeline = DiffusionPipeline.from_pretrained(folder, **model.without)
    settings = {"original_size": (128, 128), "target_size": (128, 128)} if folder.name == "sdxl" else {}
    if folder.name != "lcm":
        settings["negative_prompt"] = "a calm"
    if folder.name == "hyper":
        settings["eta"] = 0.3  # the scheduler's own, for which the pipeline has another
    theirs = pipeline(
        "a storm",
        **settings,
        latents=NOISE.clone(),
        guidance_scale=guidance,
        num_inference_steps=STEPS,
        height=128,
        width=128,
        output_type="latent",
        generator=torch.Generator().manual_seed(2),
    ).images
    torch.testing.assert_close(
        paint(model, guidance, float(pipeline.scheduler.init_noise_sigma)), theirs, atol=1e-4, rtol=0
    )


def test_prompt_becomes_a_synchronized_panorama(folder, tmp_path):
    job = Job(prompt="a storm", model=str(folder), width=256, steps=2, sync_steps=1, seed=1)
    *_, result = generate(job, tmp_path / "sky.exr")
    assert (result.width, result.height) == (256, 128)
    assert Path(result.exr).exists()


OWN = {"lcm": ("lcm", 4, 8.5), "hyper": ("tcd", 4, 1.0), "turbo": ("euler", 4, 1.0)}


def test_a_model_brings_its_own_settings(folder):
    done = plan(Job(prompt="a", width=256), load_model(str(folder), torch.device("cpu"))).job
    assert (done.solver, done.steps, done.guidance) == OWN.get(folder.name, ("ddim", 50, 7.5))


def test_solver_that_does_not_fit_is_refused(folder):
    model = load_model(str(folder), torch.device("cpu"))
    with pytest.raises(BadRequest, match=re.escape(f"Choose from {', '.join(model.solvers)}.")):
        plan(Job(prompt="a", solver="ddim" if folder.name in ("lcm", "hyper") else "flow-euler"), model)


def test_unused_negative_prompt_is_told(tmp_path):
    folder = make_model("lcm", tmp_path / "lcm")
    job = Job(prompt="a", negative="b", model=str(folder), width=256, steps=1, sampler="multidiffusion")
    told = [event.message for event in generate(job, tmp_path / "sky.exr") if isinstance(event, Notice)]
    assert told == ["The negative prompt is not used: this model takes none."]
