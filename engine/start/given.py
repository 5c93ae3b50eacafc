"""What a job brings along to begin with, gathered on one panorama: a picture or a layout, photos, a mask."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ..errors import BadRequest
from ..job import Job
from ..job_parts import Layout
from ..light.found import FoundLight, read_light
from ..light.photometry import check_panorama
from ..light.transfer import Transfer
from ..models.model import Model
from ..sampling.known import Known
from ..sphere.equirectangular import box_filter, max_filter
from .behind import behind
from .continuation import fill, foretold
from .drawing import draw_named
from .layout import draw_in_bands
from .photos import place, project
from .prompt_layout import beginning, region_layout
from .reading import read_mask, read_panorama
from .regions import shares
from .sunless import without_glow

_PASSAGE = 5  # times as wide as the feather of an edit, within which what is painted passes into what is around it


@dataclass(frozen=True)
class Given:
    """A panorama ``[3, H, 2 H]`` that is given in part or as a whole, as scene-linear radiance.

    base: whether all of it is something to begin with; otherwise what no photo covers is only a smooth continuation.
    hold: ``[1, H, 2 H]`` in [0, 1], how much of a pixel is known. strength: ``[1, H, 2 H]``, from which share of the
    steps on, counted from the end, it is free again all the same. lasting: ``[1, H, 2 H]``, how much of it is known
    even then. keep: ``[1, H, 2 H]``, how much of a pixel of the result is this picture's own: where it is 1, exactly.
    leads: what is not known follows its colours and tones.
    """

    radiance: Tensor
    base: bool
    hold: Tensor
    strength: Tensor
    lasting: Tensor
    keep: Tensor
    leads: bool = False

    def paste(self, radiance: Tensor) -> Tensor:
        """*radiance* ``[3, H, 2 H]`` with what is kept put back, to the last bit where nothing is soft."""
        own, keep = self.radiance.to(radiance), self.keep.to(radiance)
        return torch.where(keep == 1, own, torch.lerp(radiance, own, keep))

    def known(self, model: Model, steps: int, canvas: tuple[int, int], wraps: bool) -> Known:
        """On the model's canvas of latent *canvas* rows and columns."""
        values = model.transfer.from_radiance(self.radiance)[None].to(model.device)
        latents = model.encode(values, wraps=wraps)
        hold = adaptive_avg_pool2d(self.hold, canvas)[None]
        free = adaptive_avg_pool2d(self.strength * self.hold, canvas)[None] / hold.clamp(min=1e-9)
        until = (steps - (free * steps).round()).to(model.device)
        lasting = adaptive_avg_pool2d(self.lasting, canvas)[None].to(latents)
        return Known(latents, hold.to(latents), until, foretold if self.leads else None, after=lasting)


def first_step(job: Job) -> int:
    """The denoising step that a completed *job* begins with."""
    assert job.steps is not None
    if job.start is None and beginning(job) is None:
        return 0
    assert job.strength is not None
    return job.steps - round(job.strength * job.steps)


def begins_unclipped(job: Job) -> bool:
    """Whether what *job* begins with has its highlights: a layout, or an EXR."""
    return beginning(job) is not None or (job.start is not None and job.start.lower().endswith(".exr"))


def gather(job: Job, width: int, transfer: Transfer) -> Given | None:
    """What *job* brings along, *width* pixels wide; None if it begins with noise alone. *transfer*: the model's.

    Raises :class:`BadRequest`.
    """
    given = None
    if job.start is not None:
        given = _beginning(read_panorama(job.start, width, transfer.from_display))
        check_panorama(given.radiance)
    elif layout := beginning(job):
        given = _beginning(_drawn(job, layout, width))
    if job.photos:
        given = _with_photos(job, given or _nothing(width), transfer)
    return _edited(job, given, width) if given and job.edits else given


def _edited(job: Job, given: Given, width: int) -> Given:
    """What is *given*, free where *job* makes it anew; what it erases or draws there is in it."""
    if job.mask is not None:
        mask = read_mask(job.mask, width)
    else:
        radiance, mask = without_glow(given.radiance, _seen_sun(job))
        given = replace(given, radiance=radiance)
    inside = soft_mask(mask, job.feather)
    if job.erase:
        given = replace(given, radiance=behind(given.radiance, _around(mask)))
    elif job.draw_named:
        given = replace(given, radiance=draw_named(job, given.radiance, mask, inside))
    outside, freed = 1 - inside, passage(mask, _PASSAGE * job.feather)
    # Outside nothing is free, and near the edge only late steps are, and these in part, if what was there may show;
    # inside, photos may be held as well.
    held = torch.maximum(outside, (freed < 1).float())
    closer = held > given.hold
    return replace(
        given,
        hold=torch.maximum(given.hold, held),
        strength=torch.where(closer, freed * (freed < 1), given.strength),
        lasting=torch.where(closer, outside if job.erase else 1 - freed, given.lasting),
        keep=torch.maximum(given.keep, outside),
        leads=False,  # an area is painted to be other than what is around it
    )


def _seen_sun(job: Job) -> FoundLight:
    """The sun or moon that the header of the panorama to edit tells of. Raises :class:`BadRequest` without one."""
    assert job.start is not None
    light = read_light(Path(job.start))
    if light is None or light.kind == "none" or not light.seen:
        raise BadRequest(f"{job.start} tells of no sun or moon to erase.", "Give a mask that is white where it is.")
    return light


def _around(mask: Tensor) -> Tensor:
    """Where *mask* is black, as 1. Raises :class:`BadRequest` if it is nowhere."""
    if mask.min() > 0:
        raise BadRequest("The mask leaves nothing that could be continued.", "Paint it black where the sky shall stay.")
    return (mask == 0).float()


def soft_mask(mask: Tensor, feather: float) -> Tensor:
    """*mask* ``[1, H, 2 H]``, falling to 0 within *feather* degrees inside its edge; where it was 0 it stays so."""
    height = mask.shape[1]
    reach = round(feather / 180 * height / 2)
    if not reach:
        return mask
    apart = -max_filter(-mask, reach)  # the edge is drawn in as far as the blur will let it out again
    return box_filter(apart[0], reach)[None].clamp(0, 1) * (mask > 0)


def passage(mask: Tensor, wide: float) -> Tensor:
    """From which share of the steps on, counted from the end, each pixel is free: 0 outside the *mask* ``[1, H, 2 H]``,
    growing to 1 within *wide* degrees inside its edge, so that what is large passes over and only what is small ends
    there (Levin and Fried 2023, "Differential diffusion", arXiv 2306.00950). What is too narrow for that is free.
    """
    soft = soft_mask(mask, wide)
    whole = soft > 0.999  # of means of ones, some are a little less
    spacious = max_filter(whole.float(), round(wide / 180 * mask.shape[1]) + 2) > 0  # the edge itself, too
    return torch.where(spacious & ~whole | (mask == 0), soft, torch.ones_like(soft))


def _beginning(radiance: Tensor) -> Given:
    nothing = torch.zeros_like(radiance[:1])
    return Given(radiance, base=True, hold=nothing, strength=nothing, lasting=nothing, keep=nothing)


def _drawn(job: Job, layout: Layout, width: int) -> Tensor:
    """Radiance of *layout*, and where regions are drawn, of theirs."""
    parts = drawn_parts(job, layout, width, (width // 2, width))
    return sum((draw_in_bands(one, width // 2) * share for one, share in parts.items()), torch.zeros(()))


def drawn_parts(job: Job, layout: Layout, width: int, canvas: tuple[int, int]) -> dict[Layout, Tensor]:
    """Which layout is drawn where: shares ``[1, h, W]`` of a *canvas* of rows and columns, which sum to 1.

    It is *layout*; and where a prompt is drawn and has regions, what their own prompts say. width: of the panorama for
    which the regions are meant.
    """
    if job.layout != "prompt" or not job.regions:
        return {layout: torch.ones(1, *canvas)}
    assert job.seed is not None
    parts: dict[Layout, Tensor] = {}
    own = (region_layout(region, job.seed, job.negative) or layout for region in job.regions)
    for one, share in zip((layout, *own), shares(job.regions, width, canvas), strict=True):
        parts[one] = parts[one] + share if one in parts else share
    return parts


def _nothing(width: int) -> Given:
    return replace(_beginning(torch.zeros(3, width // 2, width)), base=False)


def _with_photos(job: Job, given: Given, transfer: Transfer) -> Given:
    """The photos over what is *given*; a later one covers an earlier."""
    radiance, hold, strength, keep = given.radiance, given.hold, given.strength, given.keep
    for photo in job.photos:
        placed = place(photo, transfer.from_display)
        seen, there = project(placed, radiance.shape[1], job.feather)
        # Where nothing lies below, the soft edge is for the weights alone: the colours must not fade into black.
        covered = there if given.base else torch.where(hold > 0, there, (there > 0).float())
        radiance = torch.lerp(radiance, seen, covered)
        strength = torch.where(there > 0.5, torch.full_like(there, photo.strength), strength)
        hold = torch.maximum(hold, there)
        keep = torch.lerp(keep, torch.full_like(keep, float(photo.strength == 0)), there)
    if not given.base:
        radiance = fill(radiance, (hold > 0).float())
    return replace(given, radiance=radiance, hold=hold, strength=strength, keep=keep, leads=True)
