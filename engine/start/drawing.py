"""Ground and clouds that a prompt names, drawn by the procedural renderer into an edit of a sky, and lit as that is."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..errors import BadRequest
from ..job import Job
from ..job_parts import Layout
from ..light.found import read_light
from ..output.header import read_job
from ..sky.cumulus import IN_AREAS
from ..sky.parameters import Clouds, Ground
from ..sky.said import Said
from ..sphere.equirectangular import box_filter, directions
from .layout import draw, draw_with_cumulus
from .prompt_layout import layout_of
from .reading import read_mask

_SEEN = 512  # pixels of width, enough to tell which half of the sphere is painted
_WELL_INSIDE = 14.0  # degrees from an area's edge, if it is as wide


def can_draw(job: Job) -> bool:
    """Whether the prompt of *job* names something that :func:`draw_named` draws behind its mask.

    Raises :class:`BadRequest` if that is no picture.
    """
    assert job.mask is not None
    above, below = read_mask(job.mask, _SEEN)[0].chunk(2)
    return bool((clouds_said(job.prompt) and above.any()) or (ground_said(job.prompt) and below.any()))


def ground_said(prompt: str) -> Ground | None:
    """The ground that *prompt* names, if the renderer knows it."""
    return Said.by(prompt).ground


def clouds_said(prompt: str) -> Clouds | None:
    """The cumulus that *prompt* names; none if it names an hour, for these would be in the light that the sky has."""
    said = Said.by(prompt)
    return said.clouds if said.time is None and said.clouds in IN_AREAS else None


def draw_named(job: Job, radiance: Tensor, mask: Tensor, soft: Tensor) -> Tensor:
    """*radiance* ``[3, H, 2 H]``, the sky that *job* begins with, with what its prompt names where *mask* ``[1, H,
    2 H]`` is not black: clouds above the horizon, ground below it.

    soft: the mask with a soft edge, as ground has it. Clouds end inside the mask, where they like. Both are as bright
    as they are drawn beside a sky of the same brightness.
    """
    ground, kind, layout = ground_said(job.prompt), clouds_said(job.prompt), _layout(job)
    height = radiance.shape[1]
    x, y, z = directions(height, radiance.device)
    above = (z > 0) * (x.square() + y.square()).sqrt()
    inside = _inside(mask * (z > 0))[: height // 2]
    clouds = None
    if kind and inside.any():
        drawn, *clouds = draw_with_cumulus(layout, kind, inside)
    else:
        drawn = draw(layout, height)
    gain = (_level(radiance, above) - _level(drawn, above)).exp()
    if ground:
        radiance = torch.lerp(radiance, drawn * gain, soft * (z < 0))
    if clouds:
        colour, opacity = clouds
        upper = radiance[:, : height // 2] * (1 - opacity) + colour * gain
        radiance = torch.cat([upper, radiance[:, height // 2 :]], 1)
    return radiance


def _inside(mask: Tensor) -> Tensor:
    """From 0 at the edge of the white of *mask* ``[1, H, 2 H]`` to 1 well inside, or where it is widest."""
    soft, reach = (mask > 0.5).float()[0], round(_WELL_INSIDE / 180 * mask.shape[1] / 2)
    for _ in range(2):
        soft = box_filter(soft, reach)
    inside = (2 * soft - 1).clamp(min=0) * (mask[0] > 0.5)
    return inside / inside.max().clamp(min=1e-6)


def _layout(job: Job) -> Layout:
    """The ground that *job*'s prompt names under the light that its sky has; what the file does not say, prompts do."""
    assert job.start is not None and job.seed is not None
    ground, light = ground_said(job.prompt), read_light(Path(job.start))
    try:
        before = str(read_job(Path(job.start)).get("prompt", ""))
    except BadRequest:  # of another program
        before = ""
    layout = layout_of(before, job.seed) or layout_of(job.prompt, job.seed) or Layout()
    if ground:
        layout = replace(layout, ground=ground.value)
    if light and light.kind != "none":
        layout = replace(layout, light=light.kind, azimuth=light.azimuth, elevation=max(light.elevation, 0.0))
    return layout


def _level(radiance: Tensor, weight: Tensor) -> Tensor:
    """The logarithm of *radiance*, on average over directions: what few very bright pixels do not decide."""
    levels = radiance.mean(0).clamp(min=1e-4).log()
    return (levels * weight).sum() / weight.sum()
