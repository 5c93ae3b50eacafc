"""The ground that a prompt names, drawn by the procedural renderer into an edit of a sky: in its light and exposure."""

from pathlib import Path

import torch
from torch import Tensor

from ..errors import BadRequest
from ..job import Job
from ..job_parts import Layout, Luminary
from ..light.found import read_light
from ..output.header import read_job
from ..sky.parameters import ELEVATIONS, Clouds, Ground, Time
from ..sky.phrases import CLOUDS, GROUNDS, TIMES
from ..sky.said import kind_said
from ..sphere.equirectangular import directions
from .layout import draw


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
    assert job.start is not None
    ground, light = ground_said(job.prompt), read_light(Path(job.start))
    assert ground is not None
    try:
        before = str(read_job(Path(job.start))["prompt"])
    except BadRequest:  # of another program
        before = ""
    time = kind_said(before, TIMES) or kind_said(job.prompt, TIMES) or Time.NOON
    clouds = kind_said(before, CLOUDS) or Clouds.FEW
    luminary: Luminary = "moon" if time is Time.MOON else "stars" if time is Time.NIGHT else "sun"
    azimuth, elevation = 90.0, sum(ELEVATIONS[time]) / 2
    if light and light.kind != "none":
        luminary, azimuth, elevation = light.kind, light.azimuth, light.elevation
    if luminary != "sun":
        elevation = max(elevation, 0.0)
    return Layout(
        light=luminary,
        azimuth=azimuth,
        elevation=elevation,
        clouds=clouds.value,
        ground=ground.value,
        seed=job.seed or 0,
    )


def _level(radiance: Tensor, weight: Tensor) -> Tensor:
    """The logarithm of *radiance*, on average over directions: what few very bright pixels do not decide."""
    levels = radiance.mean(0).clamp(min=1e-4).log()
    return (levels * weight).sum() / weight.sum()
