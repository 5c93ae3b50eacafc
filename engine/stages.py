"""How a panorama comes from the composition's size to its own: in stages, each about twice as wide as the last."""

from dataclasses import dataclass
from math import ceil

from .job import Job
from .models.model import Model
from .start.given import first_step
from .start.prompt_layout import beginning

FEWEST = 3  # steps of denoising: fewer leave a picture blurred
_LESS = 0.7  # of the detail from stage to stage: the smaller a window's part, the less it is like a whole sky


@dataclass(frozen=True)
class Stage:
    """One enlargement, to *width* pixels.

    learned: by an upscaler, and not by interpolation. detail: which share of the denoising is done anew there, in how
    many *steps*; both are 0 if none is.
    """

    width: int
    learned: bool
    detail: float
    steps: int


def stages_of(job: Job, model: Model, base: int, unit: int) -> tuple[Stage, ...]:
    """Of a completed *job*, from *base* pixels to its width in multiples of *unit*.

    An upscaler that the job names makes them all; a model's own all if none is denoised. Else that makes the last, and
    no other, for a stage of denoising mends what is wrong in a composition and would be enlarged with it; and not where
    small things are drawn in the end: what it adds is as small as these.
    """
    assert job.width is not None and job.detail is not None and job.steps is not None
    widths = stage_widths(base, job.width, unit)
    own = model.upscaler is not None and job.upscaler is None
    stages = []
    for index, width in enumerate(widths):
        by_own = own and (not job.detail or (0 < index == len(widths) - 1 and not draws_again(job, model)))
        detail = 0.0 if by_own else job.detail * _LESS**index
        # Half as many as before, for four times as many windows.
        steps = max(min(FEWEST, job.steps), round(job.steps * job.detail / 2 ** (1 + index))) if detail else 0
        stages.append(Stage(width, by_own or job.upscaler is not None, detail, steps))
    return tuple(stages)


def draws_again(job: Job, model: Model) -> bool:
    """Whether what is small in the layout that a completed *job* begins with is drawn over what *model* paints."""
    return bool(model.layout and first_step(job) and beginning(job))


def stage_widths(base: int, width: int, unit: int) -> tuple[int, ...]:
    """Widths in pixels from *base*, exclusive, to *width*: multiples of *unit*, each about twice the last or less."""
    if width <= base:
        return ()
    count = (ceil(width / base) - 1).bit_length()
    ratio = (width / base) ** (1 / count)
    return (*(round(base * ratio**i / unit) * unit for i in range(1, count)), width)
