"""The story from top to bottom: load, condition, sample, decode, save."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import torch

from .devices import choose_device
from .errors import GenerationFailed
from .job import Job
from .models.loading import Model, WarmModel
from .output.files import check_output
from .output.pictures import write_exr, write_png
from .plan import Plan, plan
from .protocol import Event, Notice, Progress, Result
from .sampling.samplers import Step, multidiffusion, spot_diffusion, sync_diffusion
from .sampling.solver import Solver
from .sampling.synchronization import Synchronization
from .trace import Trace, starting_noise

# Shares of a whole job in the progress bar.
_LOADED, _SAMPLED, _DECODED = 0.1, 0.9, 0.95


def generate(job: Job, out: Path, models: WarmModel | None = None, trace: Path | None = None) -> Generator[Event]:
    """Make the panorama that *job* describes and write it to *out* (EXR) and beside it (PNG).

    Yields :class:`Progress`, perhaps :class:`Notice`, and at the end one :class:`Result`. To cancel, close the
    generator: nothing is left under a final name. models: keeps the model for the next job. trace: see :class:`Trace`.

    Raises :class:`BadRequest`, :class:`BadModel`, :class:`EngineIncomplete` or :class:`GenerationFailed`.
    """
    started = time.monotonic()
    device = choose_device(job.device)
    out = out.expanduser().absolute()
    check_output(out, (job.width or 0, (job.width or 0) // 2))
    yield Progress(stage="load", step=0, total=1, fraction=0.0)
    models = models or WarmModel()
    model = models.get(job.model, device)
    todo = plan(job, model)
    check_output(out, todo.size)
    for name, text in (("prompt", todo.job.prompt), ("negative prompt", todo.job.negative)):
        if unseen := model.overflow(text):
            yield Notice(
                code="prompt_too_long", message=f'The {name} is too long for the model, which ignores "{unseen}".'
            )
    yield Progress(stage="load", step=1, total=1, fraction=_LOADED)
    try:
        yield from _paint(todo, models, model, out, trace, started)
    except torch.OutOfMemoryError as error:
        raise GenerationFailed(
            f"The memory of {device} ran out at a width of {todo.size[0]}.",
            "Choose a smaller width, or another device.",
        ) from error


def _paint(
    todo: Plan, models: WarmModel, model: Model, out: Path, trace: Path | None, started: float
) -> Iterator[Event]:
    job = todo.job
    assert job.seed is not None and job.steps is not None
    noise = starting_noise(job.noise, (1, model.channels, *todo.canvas), job.seed)
    record = Trace(noise) if trace else None
    sampling = time.monotonic()
    for step in _sample(todo, models, model, noise.to(model.device)):
        if not torch.isfinite(step.x).all():
            raise GenerationFailed(
                f"The picture fell apart at step {step.index + 1} of {step.total} (values that are not numbers).",
                "Lower the synchronization weight or the guidance.",
            )
        if record:
            record.add_canvas(step.x)
        done = step.index + 1
        left = (time.monotonic() - sampling) / done * (step.total - done)
        share = _LOADED + (_SAMPLED - _LOADED) * done / step.total
        yield Progress(stage="sample", step=done, total=step.total, fraction=share, seconds_left=left)
    with torch.no_grad():
        picture = model.decode(step.x, wraps=todo.windows.wraps)[0].float()
        radiance = model.transfer.to_radiance(picture)
    yield Progress(stage="decode", step=1, total=1, fraction=_DECODED)
    png = out.with_suffix(".png")
    if record and trace:
        record.save(trace.expanduser().absolute(), model.transfer.to_display(picture).clamp(0, 1))
    write_png(png, radiance, job.to_dict())
    write_exr(out, radiance, job.to_dict())
    yield Progress(stage="save", step=1, total=1, fraction=1.0)
    width, height = todo.size
    seconds = round(time.monotonic() - started, 2)
    yield Result(exr=str(out), png=str(png), width=width, height=height, seconds=seconds, job=job.to_dict())


def _sample(todo: Plan, models: WarmModel, model: Model, noise: torch.Tensor) -> Iterator[Step]:
    job, windows = todo.job, todo.windows
    assert job.steps is not None and job.sync_steps is not None and job.guidance is not None and job.seed is not None
    denoise = model.denoiser(model.condition(job.prompt, job.negative, job.guidance), wraps=job.sampler == "full")
    solver = Solver(job.solver, model.scheduler_config, job.steps, model.device)
    if job.sampler == "spot":
        return spot_diffusion(denoise, noise, solver, windows, torch.Generator().manual_seed(job.seed))
    if not job.sync_steps:  # also "full", whose ring has one window
        return multidiffusion(denoise, noise, solver, windows)
    sync = Synchronization(
        distance=models.distance(model.device),
        display=model.display,
        anchor=windows.middle,
        steps=job.sync_steps,
        initial_weight=job.sync_weight,
        decay=job.sync_decay,
        batch=todo.batch,
    )
    return sync_diffusion(denoise, noise, solver, windows, sync)
