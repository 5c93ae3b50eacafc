"""The story from top to bottom: load, condition, sample, decode, light, save."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import torch

from .coherence import synchronization
from .devices import choose_device
from .errors import GenerationFailed
from .job import SEED_LIMIT, Job, default_output
from .light.stage import light_panorama
from .models.loading import WarmModel
from .models.model import Model
from .notices import notices
from .output.files import check_output
from .output.pictures import write_exr, write_png
from .plan import Plan, plan
from .precision import Precision, half_type
from .preview import Previews
from .protocol import Event, Notice, Progress, Result
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
from .start.given import Given, begins_unclipped, first_step, gather
from .start.regions import shares
from .trace import Trace, starting_noise

# Shares of a whole job in the progress bar.
_LOADED, _SAMPLED, _DECODED = 0.1, 0.9, 0.95


def generate(
    job: Job,
    out: Path | None = None,
    models: WarmModel | None = None,
    trace: Path | None = None,
    previews: bool = False,
) -> Generator[Event]:
    """Make the panorama that *job* describes and write it to *out* (EXR) and beside it (PNG).

    Without *out*, into the current folder, named after prompt and seed.

    Yields :class:`Progress`, perhaps :class:`Notice`, and at the end one :class:`Result`. To cancel, close the
    generator: nothing is left under a final name. models: keeps the model for the next job. trace: see :class:`Trace`.
    previews: yield a :class:`Preview` now and then, too; the result is the same.

    Raises :class:`BadRequest`, :class:`BadModel`, :class:`EngineIncomplete` or :class:`GenerationFailed`.
    """
    started = time.monotonic()
    device = choose_device(job.device)
    if out is None:
        job = job.with_seed()
        out = default_output(Path.cwd(), job)
    out = out.expanduser().absolute()
    check_output(out, (job.width or 0, (job.width or 0) // 2))
    yield Progress(stage="load", step=0, total=1, fraction=0.0)
    models = models or WarmModel()
    model = models.get(job.model, device, job.loras, job.embeddings)
    todo = plan(job, model)
    check_output(out, todo.size)
    yield from notices(job, model)
    yield Progress(stage="load", step=1, total=1, fraction=_LOADED)
    try:
        yield from _paint(todo, models, model, out, trace, previews, started)
    except torch.OutOfMemoryError as error:
        raise GenerationFailed(
            f"The memory of {device} ran out at a width of {todo.size[0]}.",
            "Choose a smaller width, or another device.",
        ) from error


def _paint(
    todo: Plan, models: WarmModel, model: Model, out: Path, trace: Path | None, previews: bool, started: float
) -> Iterator[Event]:
    job = todo.job
    assert job.seed is not None and job.steps is not None
    noise = starting_noise(job.noise, (1, model.channels, *todo.canvas), job.seed)
    record = Trace(noise) if trace else None
    preview = Previews(model, todo.windows.wraps) if previews else None
    sampling = time.monotonic()
    precision = Precision(half_type(model.device, model.half) if job.precision == "half" else None)
    given = gather(todo)
    x = noise.to(model.device)
    for step in _sample(todo, models, model, x, given, precision):
        x = step.x
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
        if preview and done < step.total and (picture_so_far := preview.of(step.x0)):
            yield picture_so_far
    if precision.gave_up:
        yield Notice(
            code="full_precision",
            message="Half precision gave values that are not numbers; it went on in full precision, which is slower.",
        )
    with torch.no_grad():
        unpainted = given is not None and first_step(job) == job.steps
        if given and unpainted:
            picture, radiance = model.transfer.from_radiance(given.radiance), given.radiance
        else:
            picture = model.decode(x, wraps=todo.windows.wraps, tiles=todo.tiles)[0].float()
            radiance = model.transfer.to_radiance(picture)
        if given:
            radiance = given.paste(radiance)
    yield Progress(stage="decode", step=1, total=1, fraction=_DECODED)
    untouched = (given.keep == 1)[0].to(radiance.device) if given and job.mask is not None else None
    clips = model.transfer.clips and not (unpainted and begins_unclipped(job))
    lit = light_panorama(radiance, job, clips=clips, untouched=untouched)
    for code, message in lit.notices:
        yield Notice(code=code, message=message)
    png = out.with_suffix(".png")
    if record and trace:
        record.save(trace.expanduser().absolute(), model.transfer.to_display(picture).clamp(0, 1))
    write_png(png, lit.radiance, job.to_dict())
    write_exr(out, lit.radiance, job.to_dict(), todo.request.to_dict(), lit.light)
    yield Progress(stage="save", step=1, total=1, fraction=1.0)
    width, height = todo.size
    seconds = round(time.monotonic() - started, 2)
    yield Result(
        exr=str(out),
        png=str(png),
        width=width,
        height=height,
        seconds=seconds,
        job=job.to_dict(),
        light=lit.light.to_dict(),
    )


def _sample(
    todo: Plan, models: WarmModel, model: Model, noise: torch.Tensor, given: Given | None, precision: Precision
) -> Iterator[Step]:
    job, windows = todo.job, todo.windows
    assert job.steps is not None and job.sync_steps is not None and job.guidance is not None and job.seed is not None
    assert job.solver is not None

    guidance = job.guidance

    def denoiser(prompt: str) -> Denoiser:
        condition = model.condition(prompt, job.negative, guidance)
        return model.denoiser(condition, job.sampler == "full", Chunks(todo.call), precision)

    denoise = denoiser(job.prompt)
    fresh_noise = torch.Generator().manual_seed(SEED_LIMIT + job.seed)  # no seed's starting noise
    solver = model.solver(job.solver, job.steps, (todo.canvas[0], windows.columns.shape[1]), fresh_noise)
    if job.regions:
        regional = [denoiser(region.prompt) for region in job.regions]
        denoise = _by_direction(todo, [denoise, *regional], solver, model.device)
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
    sync = synchronization(todo, model, models.perceptual)
    if todo.drawn:
        wander = not isinstance(job.sync_anchor, float)  # from an azimuth, it would no longer be there
        return sparse_sync_diffusion(denoise, x, solver, windows, sync, todo.drawn, wander, first, known)
    return sync_diffusion(denoise, x, solver, windows, sync, first, known)


def _by_direction(todo: Plan, denoisers: list[Denoiser], solver: Solver, device: torch.device) -> Denoiser:
    """*denoisers*: for everywhere, and for each of the job's regions."""
    job = todo.job
    assert job.steps is not None and job.seed is not None
    return RegionalDenoiser(
        denoisers,
        shares(job.regions, todo.size[0], todo.canvas).to(device),
        todo.windows,
        solver,
        bootstrap=round(BOOTSTRAP * job.steps),
        generator=torch.Generator().manual_seed(2 * SEED_LIMIT + job.seed),
    )
