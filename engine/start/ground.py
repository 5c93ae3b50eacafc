"""The ground that a prompt names, drawn by the procedural renderer into an edit of a sky: in its light and exposure."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..errors import BadRequest
from ..job import Job
from ..job_parts import Layout
from ..light.found import read_light
from ..output.header import read_job
from ..sky.parameters import Ground
from ..sky.phrases import GROUNDS
from ..sky.said import kind_said
from ..sphere.equirectangular import directions
from .layout import draw, layout_of


def ground_said(prompt: str) -> Ground | None:
    """The ground that *prompt* names, if the renderer knows it."""
    return kind_said(prompt, GROUNDS)


def draw_ground(job: Job, radiance: Tensor, mask: Tensor) -> Tensor:
    """*radiance* ``[3, H, 2 H]``, the sky that *job* begins with, with the ground of its prompt below the horizon where
    *mask* ``[1, H, 2 H]`` is not black. It is as bright as it is drawn beside a sky of the same brightness."""
    drawn = draw(_layout(job), radiance.shape[1])
    x, y, z = directions(radiance.shape[1], radiance.device)
    above = (z > 0) * (x.square() + y.square()).sqrt()
    gain = (_level(radiance, above) - _level(drawn, above)).exp()
    return torch.lerp(radiance, drawn * gain, mask * (z < 0))


def _layout(job: Job) -> Layout:
    """The ground under the light that *job*'s sky has; what its file does not say of that, prompts do."""
    assert job.start is not None and job.seed is not None
    ground, light = ground_said(job.prompt), read_light(Path(job.start))
    assert ground is not None
    try:
        before = str(read_job(Path(job.start))["prompt"])
    except BadRequest:  # of another program
        before = ""
    layout = layout_of(before, job.seed) or layout_of(job.prompt, job.seed) or Layout()
    layout = replace(layout, ground=ground.value)
    if light and light.kind != "none":
        layout = replace(layout, light=light.kind, azimuth=light.azimuth, elevation=max(light.elevation, 0.0))
    return layout


def _level(radiance: Tensor, weight: Tensor) -> Tensor:
    """The logarithm of *radiance*, on average over directions: what few very bright pixels do not decide."""
    levels = radiance.mean(0).clamp(min=1e-4).log()
    return (levels * weight).sum() / weight.sum()
