"""Every solver, driven by x0 on our canvas, is diffusers' own pipeline with that scheduler."""

from typing import get_args

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UniPCMultistepScheduler,
)

from engine.job import SolverName
from engine.sampling.samplers import multidiffusion
from engine.sampling.solver import Solver
from engine.sampling.windows import Windows

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "unipc": UniPCMultistepScheduler,
}
STEPS = 5


@pytest.mark.parametrize("name", get_args(SolverName))
def test_solver_is_diffusers_pipeline(name, nano, nano_path):
    pipeline = StableDiffusionPipeline.from_pretrained(
        nano_path, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.scheduler = SCHEDULERS[name].from_config(pipeline.scheduler.config)
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(1))
    settings = {"height": 128, "width": 256, "num_inference_steps": STEPS, "output_type": "latent"}
    theirs = pipeline("a storm", negative_prompt="a calm", latents=noise.clone(), **settings).images
    solver = Solver(name, nano.scheduler_config, STEPS, nano.device)
    whole = Windows.layout("strip", 32, 32, 32)
    # The pipeline scales the noise to its scheduler's first level; ours is a standard normal canvas on every solver.
    start = noise if name != "euler" else noise * pipeline.scheduler.init_noise_sigma * solver.levels[0].alpha
    *_, last = multidiffusion(nano.denoiser(nano.condition("a storm", "a calm", 7.5)), start, solver, whole)
    torch.testing.assert_close(last.x, theirs, atol=2e-4, rtol=0)


@pytest.mark.parametrize("name", get_args(SolverName))
def test_solver_is_linear(name, nano):
    """What lets one solver serve the ring: the step of a mean is the mean of the steps."""
    generator = torch.Generator().manual_seed(2)
    runs = torch.randn(2, STEPS, 2, 1, 4, 4, 4, generator=generator, dtype=torch.float64)  # run, step, x or x0

    def last_step(run: torch.Tensor) -> torch.Tensor:
        solver = Solver(name, nano.scheduler_config, STEPS, nano.device)
        x = run[0, 0]
        for index in range(STEPS):
            x = solver.step(index, x, run[index, 1])
        return x

    mean = (last_step(runs[0]) + last_step(runs[1])) / 2
    torch.testing.assert_close(last_step(runs.mean(0)), mean, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", get_args(SolverName))
def test_levels_preserve_variance_and_fall(name, nano):
    levels = Solver(name, nano.scheduler_config, STEPS, nano.device).levels
    assert all(abs(level.alpha**2 + level.sigma**2 - 1) < 1e-6 for level in levels)
    assert [level.sigma for level in levels] == sorted((level.sigma for level in levels), reverse=True)
