"""The story from top to bottom: load, compose, enlarge, light, save."""

import time
from collections.abc import Generator, Iterator
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from .composition import compose, encode
from .devices import choose_device
from .errors import GenerationFailed
from .file_names import default_output
from .job import Job
from .light.found import FoundLight
from .light.stage import light_panorama
from .models.loading import WarmModel
from .models.model import Model
from .notices import notices
from .output.files import check_output
from .output.pictures import write_exr, write_png
from .pace import Pace
from .plan import Plan, plan
from .precision import Precision, half_type
from .preview import Previews
from .protocol import Event, Notice, Progress, Result, Stage
from .refinement import Refiner, Refining
from .sampling.samplers import Step
from .sphere.enlarging import shrunk
from .stages import draws_again
from .start.drawn_detail import bands_to_draw, draw_detail
from .start.given import Given, begins_unclipped, first_step, gather
from .trace import Trace, starting_noise

# Shares of a whole job in the progress bar.
_LOADED, _PAINTED, _DECODED = 0.1, 0.9, 0.95

_BAND = 256  # rows that become radiance at once


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
    model = models.for_job(job, device)
    todo = plan(job, model)
    check_output(out, todo.size)
    yield from notices(job, model, todo.job)
    yield Progress(stage="load", step=1, total=1, fraction=_LOADED)
    try:
        radiance, given = yield from _paint(todo, models, model, trace, previews)
        light = yield from _finish(todo, model, out, radiance, given)
    except torch.OutOfMemoryError as error:
        raise GenerationFailed(
            f"The memory of {device} ran out at a width of {todo.size[0]}.",
            "Choose a smaller width, or another device.",
        ) from error
    width, height = todo.size
    yield Result(
        exr=str(out),
        png=str(out.with_suffix(".png")),
        width=width,
        height=height,
        seconds=round(time.monotonic() - started, 2),
        job=todo.job.to_dict(),
        light=light.to_dict(),
    )


def _paint(
    todo: Plan, models: WarmModel, model: Model, trace: Path | None, previews: bool
) -> Generator[Event, None, tuple[Tensor, Given | None]]:
    """Returns radiance ``[3, H, 2 H]``, and what was given at that size."""
    job = todo.job
    assert job.seed is not None
    noise = starting_noise(job.noise, (1, model.channels, *todo.canvas), job.seed)
    record = Trace(noise) if trace else None

    @lru_cache(maxsize=1)
    def staying(width: int) -> Given | None:
        """What of the given is to be there in the end; what was only to begin with need not be drawn large."""
        return gather(job, width, model.transfer) if job.photos or job.edits else None

    unpainted = _is_unpainted(job)
    width = todo.size[0] if unpainted else todo.base
    given = staying(width) or gather(job, width, model.transfer)
    if given and unpainted:
        picture = model.transfer.from_radiance(given.radiance)
    else:
        precision = Precision(half_type(model.device, model.half) if job.precision == "half" else None)
        conditions = encode(job, model)
        refiner = Refiner(todo, model, conditions, precision)
        pace = Pace(_work(todo, refiner), _LOADED, _PAINTED)
        preview = Previews(model, todo.windows.wraps) if previews else None
        steps = compose(todo, models, model, conditions, noise.to(model.device), given, precision)
        latents = yield from _sample(steps, len(todo.windows), pace, preview, record)
        with torch.no_grad():
            picture = model.paint(latents, wraps=todo.windows.wraps, tiles=todo.tiles)[0].float()
            picture = model.finish(picture, todo.windows.wraps).cpu()
        if job.poles:
            refining = refiner.mend(picture, staying(todo.painted))
            picture = yield from _refine(refining, "poles", (1, 1), pace, preview)
        for number, stage in enumerate(todo.stages, 1):
            refining = refiner.enlarge(picture, stage, staying(stage.width))
            picture = yield from _refine(refining, "refine", (number, len(todo.stages)), pace, preview)
        if todo.painted > todo.size[0]:
            picture = shrunk(picture, todo.size[0])
        given = staying(todo.size[0])
        if draws_again(job, model) and (job.detail or not todo.stages):
            yield from _drawn(draw_detail(picture, job, model.transfer, given), bands_to_draw(todo.size[1]))
        if precision.gave_up:
            yield Notice(
                code="full_precision",
                message="Half precision gave values that are not numbers; it went on in full, which is slower.",
            )
    if record and trace:
        record.save(trace.expanduser().absolute(), model.transfer.to_display(picture).clamp(0, 1))
    if given and unpainted:
        return given.radiance, given
    for rows in picture.split(_BAND, 1):  # in place: it is large
        rows.copy_(model.transfer.to_radiance(rows))
    return (given.paste(picture) if given else picture), given


def _is_unpainted(job: Job) -> bool:
    """Whether all that *job* begins with is to stay."""
    return first_step(job) == job.steps


def _work(todo: Plan, refiner: Refiner) -> int:
    """In windows."""
    job = todo.job
    assert job.steps is not None
    composing = (job.steps - first_step(job)) * len(todo.windows)
    return composing + (refiner.mending if job.poles else 0) + refiner.enlarging


def _sample(
    steps: Iterator[Step], windows: int, pace: Pace, preview: Previews | None, record: Trace | None
) -> Generator[Event, None, Tensor]:
    """Take *steps* of as many *windows*. Returns the canvas ``[1, C, h, W]``."""
    for step in steps:
        if not torch.isfinite(step.x).all():
            raise GenerationFailed(
                f"The picture fell apart at step {step.index + 1} of {step.total} (values that are not numbers).",
                "Lower the synchronization weight or the guidance.",
            )
        if record:
            record.add_canvas(step.x)
        done = step.index + 1
        yield Progress(stage="sample", step=done, total=step.total, **pace.after(windows))
        if preview and done < step.total and (picture_so_far := preview.of(step.x0)):
            yield picture_so_far
    return step.x


def _refine(
    refining: Refining, stage: Stage, place: tuple[int, int], pace: Pace, preview: Previews | None
) -> Generator[Event, None, Tensor]:
    """Tell how *refining* goes on, which is one of several: *place*. Returns the picture."""
    step, total = place
    while True:
        try:
            beat = next(refining)
        except StopIteration as end:
            return end.value
        yield Progress(stage=stage, step=step, total=total, **pace.after(beat.windows))
        if preview and beat.x0 is not None and (picture_so_far := preview.of(beat.x0)):
            yield picture_so_far


def _drawn(drawing: Iterator[None], bands: int) -> Iterator[Progress]:
    pace = Pace(bands, _PAINTED, _DECODED)
    for done, _ in enumerate(drawing, 1):
        yield Progress(stage="draw", step=done, total=bands, **pace.after(1))


def _finish(
    todo: Plan, model: Model, out: Path, radiance: Tensor, given: Given | None
) -> Generator[Event, None, FoundLight]:
    """Light the panorama and write its files."""
    job = todo.job
    yield Progress(stage="decode", step=1, total=1, fraction=_DECODED)
    untouched = (given.keep == 1)[0].to(radiance.device) if given and job.edits else None
    clips = model.transfer.clips and not (given and _is_unpainted(job) and begins_unclipped(job))
    lit = light_panorama(radiance, job, clips=clips, untouched=untouched)
    for code, message in lit.notices:
        yield Notice(code=code, message=message)
    write_png(out.with_suffix(".png"), lit.radiance, job.to_dict())
    write_exr(out, lit.radiance, job.to_dict(), todo.request.to_dict(), lit.light)
    yield Progress(stage="save", step=1, total=1, fraction=1.0)
    return lit.light
