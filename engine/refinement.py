"""From the composition to the size that was asked for: each stage doubles the panorama and paints its detail anew.

A model composes at the size that it was trained on. Then the picture is enlarged, encoded, noised in part and denoised
in windows as large as the model knows (SDEdit, arXiv 2108.01073; in tiles as in MultiDiffusion, 2302.08113). Pictures
are kept in the CPU's memory; of all else there is as much as a few windows need, whatever the size.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, pad

from .errors import GenerationFailed
from .job import SEED_LIMIT
from .memory import windows_per_decode
from .models.model import Model
from .plan import Plan
from .sampling.grid import Grid
from .sampling.known import Known
from .sampling.regions import RegionalDenoiser
from .sampling.samplers import Denoiser
from .sampling.solver import Level, Solver
from .sphere.resampling import reader
from .start.given import Given
from .start.regions import shares
from .upscaling import Upscaler

_TONES = 1 / 8  # of a window: what is larger stays as it was, only what is smaller is painted anew
_CLEAN = 0.06  # noise level below which a step would change nothing
_MOST_STEPS = 50  # of a solver of which the last few are taken, if the job's own has no more


@dataclass(frozen=True)
class Beat:
    """*windows* more have been worked on. x0: after a step, the clean prediction of the panorama ``[1, C, h, W]``."""

    windows: int
    x0: Tensor | None = None


Refining = Generator[Beat, None, Tensor]  # a picture in the end


class Refiner:
    """Enlarges the panorama of *todo*. denoisers: with the job's prompt, and with that of each region."""

    def __init__(self, todo: Plan, model: Model, denoisers: Sequence[Denoiser]) -> None:
        assert todo.job.seed is not None and todo.job.detail is not None
        self._todo, self._job, self._model, self._denoisers = todo, todo.job, model, denoisers
        self._upscaler = Upscaler(todo.job.upscaler, model.device) if todo.job.upscaler else None
        self._noise = torch.Generator().manual_seed(3 * SEED_LIMIT + todo.job.seed)  # no other noise of this job

    def steps(self, width: int) -> int:
        """Denoising steps of the stage to *width*: half as many as of the one before, which has a quarter of it."""
        job = self._job
        assert job.steps is not None and job.detail is not None
        return max(1, round(job.steps * job.detail / 2 ** self._todo.stages.index(width))) if job.detail else 0

    def windows(self, width: int) -> int:
        """How many windows :meth:`enlarge` to *width* works on."""
        steps = self.steps(width)
        return (steps + 2) * len(self._grid(width // 2, width)) if steps else 0

    def enlarge(self, picture: Tensor, width: int, given: Given | None) -> Refining:
        """The panorama ``[3, h, 2 h]`` of picture values, *width* pixels wide and with what is *given* at that size."""
        picture, keep = self._enlarged(picture, width), None
        if given:
            keep = given.keep
            picture = torch.lerp(picture, self._model.transfer.from_radiance(given.radiance), keep)
        steps = self.steps(width)
        return (yield from self._refine(picture, steps, keep)) if steps else picture

    def _enlarged(self, picture: Tensor, width: int) -> Tensor:
        while self._upscaler and picture.shape[2] < width:
            picture = self._upscaler(picture)
        return enlarged(picture, width) if picture.shape[2] < width else shrunk(picture, width)

    def _refine(self, picture: Tensor, steps: int, keep: Tensor | None) -> Refining:
        """Encode the *picture* ``[3, h, w]``, noise it, take the last *steps* of the denoising and decode it."""
        model = self._model
        grid = self._grid(*picture.shape[1:])
        pixels = grid.scaled(model.factor)
        window = grid.rows.shape[1], grid.columns.shape[1]
        at_once = windows_per_decode(model, window)
        solver, levels = self._solver(steps, window)

        latents = yield from _beats(pixels.map(picture[None], self._encode, at_once, grid))
        latents = latents.to(model.device)
        known = None
        if keep is not None:
            weight = adaptive_avg_pool2d(keep, grid.size)[None].to(latents)
            known = Known(latents, weight, until=torch.full_like(weight, len(solver.levels)))
        denoise = self._denoise(grid, solver)
        noise = torch.randn(latents.shape, generator=self._noise).to(latents)
        x = x0 = solver.noise_to(levels[0], latents, noise)
        for index in levels:
            denoised = partial(_at, denoise, solver.levels[index])
            x0 = yield from _beats(grid.map(x, denoised, self._todo.call))
            if not torch.isfinite(x0).all():
                raise GenerationFailed(
                    f"The picture fell apart when it was enlarged to {picture.shape[2]} (values that are not numbers).",
                    "Lower the detail or the guidance.",
                )
            x0 = known.into(index, x0) if known else x0
            x = solver.step(index, x, x0)
            yield Beat(0, x0)
        refined = (yield from _beats(grid.map(x0.cpu(), self._decode, at_once, pixels)))[0]
        return _with_tones(refined, picture, round(_TONES * model.native_height), self._todo.windows.wraps)

    def _grid(self, height: int, width: int) -> Grid:
        factor = self._model.factor
        window = self._model.native_height // factor
        return Grid.layout((height // factor, width // factor), window, self._todo.windows.wraps, self._model.device)

    def _solver(self, steps: int, window: tuple[int, int]) -> tuple[Solver, range]:
        """A solver, and which of its steps are *steps* that end where hardly any noise is left."""
        job = self._job
        assert job.solver is not None and job.steps is not None and job.detail
        total = min(round(steps / job.detail), max(_MOST_STEPS, job.steps))
        solver = self._model.solver(job.solver, total, window, self._noise)
        end = len(solver.levels) - (solver.levels[-1].sigma < _CLEAN and total > steps)
        return solver, range(end - steps, end)

    def _denoise(self, grid: Grid, solver: Solver) -> Denoiser:
        if not self._job.regions:
            return self._denoisers[0]
        share = shares(self._job.regions, max(self._todo.base, grid.size[1]), grid.size).to(self._model.device)
        return RegionalDenoiser(self._denoisers, share, grid, solver, bootstrap=0, generator=self._noise)

    def _encode(self, pictures: Tensor, _which: Tensor) -> Tensor:
        return self._model.encode(pictures.to(self._model.device), wraps=False)

    def _decode(self, latents: Tensor, _which: Tensor) -> Tensor:
        return self._model.decode(latents.to(self._model.device), wraps=False).float()


def _at(denoise: Denoiser, level: Level, windows: Tensor, which: Tensor) -> Tensor:
    return denoise(windows, level, which)


def enlarged(picture: Tensor, width: int) -> Tensor:
    """The panorama ``[C, h, 2 h]`` at *width*, around the seam and over the poles."""
    height, margin = picture.shape[1], 2
    around = pad(reader(picture)(-margin, height + margin)[None], (margin, margin, 0, 0), mode="circular")
    scale = width / picture.shape[2]
    edge = round(margin * scale)
    size = (width // 2 + 2 * edge, width + 2 * edge)
    large = interpolate(around, size=size, mode="bicubic", align_corners=False)[0]
    return large[:, edge : edge + width // 2, edge : edge + width].contiguous()


def shrunk(picture: Tensor, width: int) -> Tensor:
    """The panorama ``[C, h, 2 h]`` at no more than its own size, each pixel the mean of those in its place."""
    return adaptive_avg_pool2d(picture, (width // 2, width))


def _beats(counts: Generator[int, None, Tensor]) -> Refining:
    while True:
        try:
            windows = next(counts)
        except StopIteration as end:
            return end.value
        yield Beat(windows)


def _with_tones(refined: Tensor, picture: Tensor, reach: int, wraps: bool) -> Tensor:
    """*refined* ``[3, H, W]``, changed in place with the tones of *picture* in all that is larger than *reach*
    pixels: an autoencoder flattens them, and windows that are decoded one by one differ a little."""
    height, width = picture.shape[1:]
    cell = max(1, min(reach // 4, height // 4))
    small = _coarse(picture, cell) - _coarse(refined, cell)
    for _ in range(2):
        small = pad(small, (1, 1, 0, 0), mode="circular" if wraps else "replicate")
        small = avg_pool2d(pad(small, (0, 0, 1, 1), mode="replicate"), 3, stride=1)
    small = pad(small, (1, 1, 0, 0), mode="circular" if wraps else "replicate")
    for channel, tones in zip(refined, small.split(1, dim=1), strict=True):
        large = interpolate(tones, size=(height, width + 2 * cell), mode="bilinear", align_corners=False)[0, 0]
        channel += large[:, cell : cell + width]
    return refined


def _coarse(picture: Tensor, cell: int) -> Tensor:
    return avg_pool2d(picture[None], cell, ceil_mode=True, count_include_pad=False)
