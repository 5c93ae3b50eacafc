"""What a job brings along to begin with, gathered on one panorama: a picture or a layout, photos, a mask."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from ..errors import BadRequest
from ..job import Job
from ..light.photometry import check_panorama
from ..models.model import Model
from ..sampling.known import Known
from ..sphere.equirectangular import box_filter
from .layout import draw
from .photos import place, project
from .reading import read_mask, read_panorama


@dataclass(frozen=True)
class Given:
    """A panorama ``[3, H, 2 H]`` that is given in part or as a whole, as scene-linear radiance.

    base: whether all of it is something to begin with; otherwise what no photo covers is only a smooth continuation.
    hold: ``[1, H, 2 H]`` in [0, 1], how much of a pixel is known. strength: ``[1, H, 2 H]``, from which share of the
    steps on, counted from the end, it is free again all the same. keep: ``[1, H, 2 H]``, how much of a pixel of the
    result is this picture's own: where it is 1, exactly.
    """

    radiance: Tensor
    base: bool
    hold: Tensor
    strength: Tensor
    keep: Tensor

    def paste(self, radiance: Tensor) -> Tensor:
        """*radiance* ``[3, H, 2 H]`` with what is kept put back, to the last bit where nothing is soft."""
        own, keep = self.radiance.to(radiance), self.keep.to(radiance)
        return torch.where(keep == 1, own, torch.lerp(radiance, own, keep))

    def known(self, model: Model, steps: int, canvas: tuple[int, int], wraps: bool) -> Known:
        """On the model's canvas of latent *canvas* rows and columns."""
        values = model.transfer.from_radiance(self.radiance)[None].to(model.device)
        latents = model.encode(values, wraps=wraps)
        hold = adaptive_avg_pool2d(self.hold, canvas)[None]
        free = interpolate(self.strength[None], size=canvas, mode="nearest")
        return Known(latents, hold.to(latents), (steps - (free * steps).round()).to(model.device))


def first_step(job: Job) -> int:
    """The denoising step that a completed *job* begins with."""
    assert job.steps is not None
    if job.start is None and job.layout is None:
        return 0
    assert job.strength is not None
    return job.steps - round(job.strength * job.steps)


def begins_unclipped(job: Job) -> bool:
    """Whether what *job* begins with has its highlights: a layout, or an EXR."""
    return job.layout is not None or (job.start is not None and job.start.lower().endswith(".exr"))


def gather(job: Job, width: int) -> Given | None:
    """What *job* brings along, *width* pixels wide; None if it begins with noise alone. Raises :class:`BadRequest`."""
    given = None
    if job.start is not None:
        given = _beginning(read_panorama(job.start, width))
        check_panorama(given.radiance)
    elif job.layout is not None:
        given = _beginning(draw(job.layout, width // 2))
    if job.photos:
        given = _with_photos(job, given or _nothing(width))
    if given and job.mask is not None:
        mask = read_mask(job.mask, width)
        inside = soft_mask(mask, job.feather)
        if job.erase:
            given = replace(given, radiance=fill(given.radiance, _around(mask)))
        outside = 1 - inside
        # Outside nothing is free; inside, photos may be held as well.
        given = replace(
            given,
            hold=torch.maximum(given.hold, outside),
            strength=torch.where(outside > given.hold, torch.zeros_like(outside), given.strength),
            keep=torch.maximum(given.keep, outside),
        )
    return given


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
    apart = -torch.nn.functional.max_pool2d(  # the edge is drawn in as far as the blur will let it out again
        -torch.cat([mask[..., -reach:], mask, mask[..., :reach]], -1)[None], 2 * reach + 1, 1, (reach, 0)
    )
    return box_filter(apart[0, 0], reach)[None].clamp(0, 1) * (mask > 0)


def _beginning(radiance: Tensor) -> Given:
    nothing = torch.zeros_like(radiance[:1])
    return Given(radiance, base=True, hold=nothing, strength=nothing, keep=nothing)


def _nothing(width: int) -> Given:
    return replace(_beginning(torch.zeros(3, width // 2, width)), base=False)


def _with_photos(job: Job, given: Given) -> Given:
    """The photos over what is *given*; a later one covers an earlier."""
    radiance, hold, strength, keep = given.radiance, given.hold, given.strength, given.keep
    for photo in map(place, job.photos):
        seen, there = project(photo, radiance.shape[1], job.feather)
        # Where nothing lies below, the soft edge is for the weights alone: the colours must not fade into black.
        covered = there if given.base else torch.where(hold > 0, there, (there > 0).float())
        radiance = torch.lerp(radiance, seen, covered)
        strength = torch.where(there > 0.5, torch.full_like(there, photo.strength), strength)
        hold = torch.maximum(hold, there)
        keep = torch.lerp(keep, torch.full_like(keep, float(photo.strength == 0)), there)
    if not given.base:
        radiance = fill(radiance, (hold > 0).float())
    return Given(radiance, given.base, hold, strength, keep)


def fill(picture: Tensor, there: Tensor) -> Tensor:
    """*picture* ``[3, H, 2 H]`` continued smoothly where *there* ``[1, H, 2 H]`` is 0 (pull and push, Gortler et al.
    1996, "The Lumigraph", section 3.4): so an encoder sees no edge that is not in the picture."""
    if there.min() > 0:
        return picture
    if min(picture.shape[1:]) < 2:
        return ((picture * there).sum((1, 2), keepdim=True) / there.sum()).expand_as(picture)
    half = (there.shape[1] // 2, there.shape[2] // 2)
    weight = adaptive_avg_pool2d(there, half)
    coarse = adaptive_avg_pool2d(picture * there, half) / weight.clamp(min=1e-9)
    behind = fill(coarse, (weight > 0).float())
    wrapped = torch.cat([behind[..., -1:], behind, behind[..., :1]], -1)[None]
    margin = picture.shape[2] // behind.shape[2]
    size = (picture.shape[1], picture.shape[2] + 2 * margin)
    grown = interpolate(wrapped, size=size, mode="bilinear", align_corners=False)[0, ..., margin:-margin]
    return torch.lerp(grown, picture, there)
