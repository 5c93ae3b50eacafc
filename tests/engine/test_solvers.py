"""Every solver, driven by x0 on our canvas, is diffusers' own pipeline with that scheduler."""

from typing import get_args

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionPipeline,
    TCDScheduler,
    UniPCMultistepScheduler,
)

from engine.errors import BadRequest
from engine.job import SolverName
from engine.models.model import Model
from engine.sampling.samplers import multidiffusion
from engine.sampling.solver import Solver
from engine.sampling.windows import Windows

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "unipc": UniPCMultistepScheduler,
    "lcm": LCMScheduler,
    "tcd": TCDScheduler,
}
STEPS = 5


def make_solver(name: SolverName, nano: Model) -> Solver:
    return nano.solver(name, STEPS, (16, 32), torch.Generator().manual_seed(7))


@pytest.mark.parametrize("name", SCHEDULERS)  # flow-euler: see test_families
def test_solver_is_diffusers_pipeline(name, nano, nano_path):
    pipeline = StableDiffusionPipeline.from_pretrained(
        nano_path, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.scheduler = SCHEDULERS[name].from_config(pipeline.scheduler.config)
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(1))
    settings = {"height": 128, "width": 256, "num_inference_steps": STEPS, "output_type": "latent"}
    settings["generator"] = torch.Generator().manual_seed(7)
    if name == "tcd":
        settings["eta"] = 0.3  # the scheduler's own, for which the pipeline has another
    theirs = pipeline("a storm", negative_prompt="a calm", latents=noise.clone(), **settings).images
    solver = make_solver(name, nano)
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
        solver = make_solver(name, nano)
        x = run[0, 0]
        for index in range(STEPS):
            x = solver.step(index, x, run[index, 1])
        return x

    mean = (last_step(runs[0]) + last_step(runs[1])) / 2
    torch.testing.assert_close(last_step(runs.mean(0)), mean, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", get_args(SolverName))
def test_levels_are_on_their_path_and_fall(name, nano):
    levels = make_solver(name, nano).levels
    power = 1 if name == "flow-euler" else 2  # a straight line, or preserved variance
    assert all(abs(level.alpha**power + level.sigma**power - 1) < 1e-6 for level in levels)
    assert [level.sigma for level in levels] == sorted((level.sigma for level in levels), reverse=True)


@pytest.mark.parametrize(
    ("name", "steps", "most"), [("lcm", 51, "at most 50"), ("tcd", 51, "at most 50"), ("ddim", 1000, "less than 1000")]
)
def test_more_steps_than_the_schedule_has_are_refused(name, steps, most, nano):
    with pytest.raises(BadRequest, match=f"{steps} steps are more .* {most}"):
        nano.solver(name, steps, (16, 16), torch.Generator())
