"""The composition: the whole sky at once, as the job's sampler paints it, at a size that the model knows."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from .coherence import synchronization
from .job import SEED_LIMIT, Job
from .models.denoiser import Conditioning
from .models.loading import WarmModel
from .models.model import Model
from .plan import Plan
from .precision import Precision
from .sampling.chunks import Chunks
from .sampling.regions import BOOTSTRAP, RegionalDenoiser
from .sampling.samplers import (
    Denoiser,
    Step,
    multidiffusion,
    sparse_sync_diffusion,
    spot_diffusion,
    swap_diffusion,
    sync_diffusion,
)
from .sampling.solver import Solver
from .sky.captions import plain_caption
from .start.control import control_inputs
from .start.given import Given, first_step
from .start.layout import sky_parameters
from .start.prompt_layout import layout_of
from .start.regions import shares


def compose(
    todo: Plan,
    models: WarmModel,
    model: Model,
    conditions: Sequence[Conditioning],
    noise: Tensor,
    given: Given | None,
    precision: Precision,
) -> Iterator[Step]:
    """Sample *todo*'s canvas, beginning with *noise* and with what is *given*. conditions: see :func:`encode`."""
    job, windows = todo.job, todo.windows
    assert job.steps is not None and job.sync_steps is not None and job.seed is not None and job.solver is not None
    fresh_noise = torch.Generator().manual_seed(SEED_LIMIT + job.seed)  # no seed's starting noise
    solver = model.solver(job.solver, job.steps, (todo.canvas[0], windows.columns.shape[1]), fresh_noise)
    control = control_inputs(job, windows, model.factor)
    conditions = [condition.beside(control) for condition in conditions]
    everywhere, *regional = denoisers(todo, model, conditions, precision, rings=job.sampler == "full")
    denoise = _by_direction(todo, [everywhere, *regional], solver, model.device) if regional else everywhere
    first, known, x = first_step(job), None, noise
    if given and first < job.steps:
        known = given.known(model, job.steps, todo.canvas, windows.wraps)
        if first:
            x = solver.noise_to(first, known.latents, noise)
        x = known.start(first, x, noise, solver)
    if job.sampler == "spot":
        shifts = torch.Generator().manual_seed(job.seed)
        return spot_diffusion(denoise, x, solver, windows, shifts, first, known)
    if job.sampler == "swap":
        return swap_diffusion(denoise, x, solver, windows, first, known)
    if not job.sync_steps:  # also "full", whose ring has one window
        return multidiffusion(denoise, x, solver, windows, first, known)
    sync = synchronization(todo, model, models.perceptual, precision)
    if todo.drawn:
        wander = not isinstance(job.sync_anchor, float)  # from an azimuth, it would no longer be there
        return sparse_sync_diffusion(denoise, x, solver, windows, sync, todo.drawn, wander, first, known)
    return sync_diffusion(denoise, x, solver, windows, sync, first, known)


def encode(job: Job, model: Model) -> list[Conditioning]:
    """The prompt of *job*, completed, and that of each of its regions."""
    assert job.guidance is not None
    prompts = (job.prompt, *(region.prompt for region in job.regions))
    return [model.condition(*_told(prompt, job, model), job.guidance) for prompt in prompts]


def _told(prompt: str, job: Job, model: Model) -> tuple[str, str]:
    """What *model* reads, and what it reads as unwanted. One that paints over what is drawn from *prompt* is told what
    that is, in the words it was taught with: others it might take for another sky. What is unwanted is not drawn, and
    a few words, other than whole captions, would have it paint stains."""
    assert job.seed is not None
    layout = layout_of(prompt, job.seed, job.negative) if job.layout == model.layout == "prompt" else None
    return (plain_caption(sky_parameters(layout)), "") if layout else (prompt, job.negative)


def denoisers(
    todo: Plan, model: Model, conditions: Sequence[Conditioning], precision: Precision, rings: bool = False
) -> list[Denoiser]:
    """One for each of *conditions*. rings: windows are whole rings."""
    return [model.denoiser(condition, rings, Chunks(todo.call), precision) for condition in conditions]


def _by_direction(todo: Plan, denoisers: Sequence[Denoiser], solver: Solver, device: torch.device) -> Denoiser:
    job = todo.job
    assert job.steps is not None and job.seed is not None
    return RegionalDenoiser(
        denoisers,
        shares(job.regions, todo.base, todo.canvas).to(device),
        todo.windows,
        solver,
        bootstrap=round(BOOTSTRAP * job.steps),
        generator=torch.Generator().manual_seed(2 * SEED_LIMIT + job.seed),
    )
