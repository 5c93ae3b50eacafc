"""From what was asked for to what will be done: a job completed with a model's defaults and checked against it."""

from dataclasses import dataclass, replace

import torch

from .errors import BadRequest
from .job import Job, Quality
from .job_parts import Layout, LayoutWord
from .memory import (
    TILES_ABOVE,
    available_bytes,
    check_memory,
    decode_bytes,
    enlarged_bytes,
    gradient_bytes,
    process_bytes,
    windows_per_call,
    windows_per_gradient,
)
from .models.model import Model
from .precision import resolve
from .sampling.windows import Windows, even_stride
from .schedule import schedule
from .sky.said import Said
from .stages import Stage, stages_of
from .start.drawing import can_draw
from .start.prompt_layout import layout_of
from .start.reading import panorama_width

# Noise level below which the synchronization gradient "decoder" leaves out the denoiser. Its cosine to the exact
# gradient was 0.85 at 0.07 and 0.4 at 0.4 with sky-small, 0.98 at about 0.4 with Stable Diffusion 2.
_DECODER_BELOW = 0.1
# How far a sky may depart from a picture, from a layout, and from what is put in place of what is erased, by default.
_START_STRENGTH, _LAYOUT_STRENGTH = 0.6, 0.6
_ERASE_STRENGTH = 0.3
_DRAWN_STRENGTH = 0.0  # the bundled model makes clouds of a drawn snow, and less of a drawn cloud
# Steps by quality, as shares of the model's own number.
_STEPS_SHARE: dict[Quality, float] = {"draft": 0.4, "standard": 1.0, "final": 2.0}


@dataclass(frozen=True)
class Plan:
    """A job with nothing left open, and its windows.

    canvas: latent height and width of the composition. painted: width in pixels at which the model paints it. stages:
    in which that is enlarged, one after the other. drawn: the windows that have gradients, if not all have.
    call, gradient: windows per call of the network and per gradient. checkpoint: gradients keep few activations. tiles:
    the decode is in tiles.
    request: the job as it was asked for.
    """

    job: Job
    windows: Windows
    canvas: tuple[int, int]
    painted: int
    stages: tuple[Stage, ...]
    drawn: Windows | None
    call: int
    gradient: int
    checkpoint: bool
    tiles: bool
    request: Job

    @property
    def size(self) -> tuple[int, int]:
        """Pixel width and height."""
        assert self.job.width is not None
        return self.job.width, self.job.width // 2

    @property
    def base(self) -> int:
        """Pixel width of the composition."""
        assert self.job.base_width is not None
        return self.job.base_width


def plan(job: Job, model: Model) -> Plan:
    """Complete *job* for *model*.

    Raises :class:`BadRequest` if something does not fit the model or the rest, :class:`TooLarge` if the memory does not
    suffice.
    """
    solver = job.solver or model.solvers[0]
    if solver not in model.solvers:
        raise BadRequest(f"The solver '{solver}' does not fit this model.", f"Choose from {', '.join(model.solvers)}.")
    width = _width(job, model)
    smallest = 2 * model.factor * model.multiple
    _check_width(width, smallest)
    base = job.base_width or min(width, 2 * model.native_height)
    _check_width(base, smallest)
    if base > width:
        raise BadRequest(f"base_width is {base}, but the panorama is {width} pixels wide.", f"Choose at most {width}.")
    height, columns = base // 2 // model.factor, base // model.factor
    window, stride = _window_and_stride(job, model, height, columns)
    windows = Windows.layout(job.windows, columns, window, stride, model.device)
    steps = job.steps or max(1, round(model.steps * _STEPS_SHARE[job.quality]))
    synchronized = schedule(job, steps)
    decoder_below = job.sync_decoder_below
    if decoder_below is None and job.sync_gradient == "decoder":
        decoder_below = _DECODER_BELOW
    begun = replace(
        job,
        layout=_layout(job, model),
        draw_named=job.draw_named and can_draw(job),
    )
    complete = replace(
        begun,
        width=width,
        base_width=base,
        detail=_detail(job, model),
        poles=_poles(job),
        window=window,
        stride=stride,
        steps=steps,
        **synchronized,
        solver=solver,
        sync_decoder_below=decoder_below,
        guidance=_guidance(job, model),
        strength=_strength(begun, model),
        precision=resolve(job.precision, model.device),
    ).with_seed()
    drawn = _drawn(complete, columns, window, model) if complete.sync_windows == "side-by-side" else None
    _check_memory(complete, model, smallest, job.window)
    pixels = window * model.factor
    gradient = windows_per_gradient(model, base // 2, pixels)
    painted = base * model.paint_scale
    stages = stages_of(complete, model, painted, smallest)
    if job.upscaler and not stages:
        raise BadRequest(
            f"There is nothing for the upscaler to enlarge: the model paints {width} pixels by itself.",
            "Choose a larger width, or leave it out.",
        )
    return Plan(
        job=complete,
        windows=windows,
        canvas=(height, columns),
        painted=painted,
        stages=stages,
        drawn=drawn,
        call=windows_per_call(model, window * height),
        gradient=gradient,
        checkpoint=gradient_bytes(model, base // 2, pixels, gradient) > available_bytes(model.device),
        tiles=_decodes_in_tiles(model, base),
        request=job,
    )


def _drawn(job: Job, columns: int, window: int, model: Model) -> Windows:
    """The windows that have gradients, side by side. Raises :class:`BadRequest` if they cannot wander."""
    if job.stays_in_place:
        raise BadRequest(
            "Synchronized windows that lie 'side-by-side' wander, so regions, photos and controls cannot follow.",
            "Set sync_windows to all.",
        )
    if job.windows != "ring":
        raise BadRequest("Synchronized windows lie 'side-by-side' on a ring only.", "Set sync_windows to all.")
    return Windows.layout("ring", columns, window, even_stride(columns, window, window), model.device)


def _decodes_in_tiles(model: Model, width: int) -> bool:
    return model.decodes_in_tiles and decode_bytes(model, width) > TILES_ABOVE


def _check_memory(job: Job, model: Model, smallest: int, window: int | None) -> None:
    """Raise :class:`TooLarge` if the memory does not suffice for the completed *job*. smallest: width, and the unit of
    widths. window: latent columns, if that was asked for; otherwise windows are as wide as the composition is high."""
    assert job.width is not None and job.base_width is not None
    base = job.base_width

    def needed(width: int) -> int:
        composed = min(width, base)
        most = decode_bytes(model, composed, _decodes_in_tiles(model, composed))
        if width > composed and model.device.type == "cpu":
            most = max(most, enlarged_bytes(width))
        if job.sync_steps:
            pixels = window * model.factor if window else composed // 2
            most = max(most, gradient_bytes(model, composed // 2, pixels, 1, checkpoint=True))
        return process_bytes(model.device) + most

    check_memory(needed, job.width, smallest, model.device)
    if job.width > base and model.device.type != "cpu":  # large pictures are kept in the CPU's memory
        check_memory(enlarged_bytes, job.width, smallest, torch.device("cpu"))


def _check_width(width: int, unit: int) -> None:
    if width < unit or width % unit:
        below, above = max(unit, width // unit * unit), (width // unit + 1) * unit
        raise BadRequest(
            f"The width {width} does not fit the model, whose widths are multiples of {unit}.",
            f"Choose {below}." if below > width else f"Choose {below} or {above}.",
        )


def _width(job: Job, model: Model) -> int:
    """An edit leaves the panorama's size as it is."""
    if not job.edits or job.start is None:
        return job.width or (job.base_width or 2 * model.native_height) * model.paint_scale
    width = panorama_width(job.start)
    if job.width not in (None, width):
        raise BadRequest(
            f"The width is {job.width}, but the panorama to edit is {width} pixels wide.", "Leave out the width."
        )
    return width


def _poles(job: Job) -> bool:
    return job.quality != "draft" and job.windows != "strip" if job.poles is None else job.poles


def _detail(job: Job, model: Model) -> float:
    if job.detail is not None:
        return job.detail
    return model.detail if job.upscaler is None else 0.0


def _layout(job: Job, model: Model) -> Layout | LayoutWord | None:
    """Raises :class:`BadRequest` if the prompt is to be drawn and says nothing that can be."""
    says_something = layout_of(job.prompt, seed=0) is not None
    if job.layout == "prompt" and not says_something:
        raise BadRequest(
            "The prompt says nothing of the hour or the clouds that a layout could be drawn from.",
            "Name them, as in 'golden hour, scattered clouds', or set layout to none.",
        )
    alone = not (job.layout or job.start or job.photos or job.control)
    # A region of another hour is drawn well; a storm under the same sun is drawn about as bright as a clear sky.
    hours = all(region.prompt == job.prompt or Said.by(region.prompt).time for region in job.regions)
    return model.layout if model.layout and alone and says_something and hours else job.layout


def _strength(job: Job, model: Model) -> float | None:
    if job.strength is not None:
        return job.strength
    if job.erase:
        # A sky whose small things were drawn would be repainted without them.
        return 0.0 if model.layout else _ERASE_STRENGTH
    if job.draw_named:
        return _DRAWN_STRENGTH
    if job.mask is not None:
        return 1.0  # what is asked for need not be like what was there
    if job.start is not None:
        return _START_STRENGTH
    return None if job.layout in (None, "none") else _LAYOUT_STRENGTH


def _guidance(job: Job, model: Model) -> float:
    if model.guidance_kind == "none":
        return 1.0
    return model.guidance if job.guidance is None else job.guidance


def _window_and_stride(job: Job, model: Model, height: int, columns: int) -> tuple[int, int]:
    """Latent columns of a window and between windows, as the sampler needs them. Raises :class:`BadRequest`."""
    if job.sampler == "full" and job.control:
        raise BadRequest("The sampler 'full' cannot lead a ControlNet round the ring.", "Choose 'sync'.")
    if job.sampler == "full":
        if {job.window, job.stride} - {None, columns} or job.windows != "ring":
            raise BadRequest("The sampler 'full' has no windows to set.", "Leave out window, stride and windows.")
        if not model.goes_round:
            raise BadRequest("The sampler 'full' needs a network that can go round a ring.", "Choose 'sync'.")
        return columns, columns
    window = job.window or height
    if window % model.multiple:
        raise BadRequest(
            f"The window of {window} latent columns does not fit the model.", f"Choose a multiple of {model.multiple}."
        )
    if model.largest_window and max(window, height) > model.largest_window:
        largest = model.largest_window
        raise BadRequest(
            f"Windows of {window} x {height} latents are larger than the model can see.",
            f"Choose a base_width of at most {2 * largest * model.factor} and a window of at most {largest}.",
        )
    if job.sampler == "spot" and (job.regions or job.control):
        raise BadRequest("The sampler 'spot' moves its windows: regions and controls cannot follow.", "Choose 'sync'.")
    if job.sampler == "spot":
        if job.windows != "ring" or job.stride not in (None, window):
            raise BadRequest("The sampler 'spot' sets windows side by side on a ring.", "Leave out stride and windows.")
        return window, window
    overlapping = 2 if job.sampler == "swap" else 4  # windows over each column
    return window, job.stride or even_stride(columns, window, max(window // overlapping, 1))
