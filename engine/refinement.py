"""From the composition to the size that was asked for: each stage doubles the panorama and paints its detail anew.

A model composes at the size that it was trained on. Then the picture is enlarged, encoded, noised in part and denoised
in windows as large as the model knows (SDEdit, arXiv 2108.01073; in tiles as in MultiDiffusion, 2302.08113), while all
that is larger than a fraction of a window is held (ILVR, 2108.02938): a model takes each window for a whole sky, and
would paint a horizon into it. Around the poles, where a panorama is stretched, the same is done in flat views. What a
stage begins with, the last one's picture, is enlarged as it is read. That and the picture that it makes are kept in the
CPU's memory; of all else there is as much as a few windows need, whatever the size. Where a stage has a learned
upscaler, see :mod:`engine.stages`, that enlarges, tile by tile.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, pad

from .composition import denoisers
from .errors import GenerationFailed
from .job import SEED_LIMIT
from .light.transfer import Transfer
from .memory import windows_per_decode
from .models.denoiser import Conditioning
from .models.model import Model
from .plan import Plan
from .precision import Precision
from .sampling.grid import Grid
from .sampling.known import Known
from .sampling.regions import RegionalDenoiser
from .sampling.samplers import Denoiser
from .sampling.solver import Level, Solver
from .sphere.billows import billowing
from .sphere.caps import paste_cap
from .sphere.enlarging import at_width, means, written
from .sphere.gnomonic import View, render
from .sphere.resampling import Reader, reader
from .stages import FEWEST, Stage
from .start.control import control_crops
from .start.given import Given
from .start.regions import shares
from .upscaling import Upscaler

_TONES = 1 / 8  # of a window: what is larger stays as it was, only what is smaller is painted anew
_COMPOSED_CAP, _LARGE_CAP = 110.0, 80.0  # degrees across the views of the poles, before and in the stages
_HORIZON = 2  # rows of latents on each side of it that are not held
_TURN = 137.5  # degrees from stage to stage, so that what a model puts in a view's middle comes to lie elsewhere
_CAP_DETAIL = 0.3  # takes pinch and rings away; with more, a model paints a horizon across the zenith
_BAND = 64  # rows of which averages are taken, or to which they are enlarged, at once
_CLEAN = 0.06  # noise level below which a step would change nothing
_MOST_STEPS = 50  # of a solver of which the last few are taken, if the job's own has no more


@dataclass(frozen=True)
class Beat:
    """*windows* more have been worked on. x0: after a step, the clean prediction of the panorama ``[1, C, h, W]``."""

    windows: int
    x0: Tensor | None = None


Refining = Generator[Beat, None, Tensor]  # a picture in the end


class Refiner:
    """Refines the panorama of *todo*. conditions: see :func:`~engine.composition.encode`."""

    def __init__(self, todo: Plan, model: Model, conditions: Sequence[Conditioning], precision: Precision) -> None:
        assert todo.job.seed is not None and todo.job.detail is not None
        self._todo, self._job, self._model = todo, todo.job, model
        self._conditions, self._precision = conditions, precision
        learned = (todo.job.upscaler or model.upscaler) if any(stage.learned for stage in todo.stages) else None
        self._upscaler = Upscaler(learned, model.device) if learned else None
        self._noise = torch.Generator().manual_seed(3 * SEED_LIMIT + todo.job.seed)  # no other noise of this job

    @property
    def _scale(self) -> int:
        """Pixels of a refined picture per latent."""
        return self._model.factor * self._model.paint_scale

    def mend(self, picture: Tensor, given: Given | None) -> Refining:
        """The composed panorama ``[3, H, 2 H]`` of picture values with the sky around zenith and nadir painted anew."""
        return (yield from self._mended(picture, picture, given, _COMPOSED_CAP, _CAP_DETAIL, self._cap_steps))

    def enlarge(self, picture: Tensor, stage: Stage, given: Given | None) -> Refining:
        """The panorama ``[3, h, 2 h]`` of picture values as large as *stage* says, with what is *given*."""
        width, size = stage.width, (stage.width // 2, stage.width)
        while self._upscaler and stage.learned and picture.shape[2] < width:
            picture = yield from _beats(self._upscaler.panorama(picture, bool(self._job.poles)))
        read = at_width(picture, width)
        if stage.detail and self._model.billows:
            read = billowing(read, width // 2, self._model.billows, self._noise)
        if given:
            read = partial(_with_given, read, given, self._model.transfer)
        if not stage.detail:
            return picture if picture.shape[2] == width and not given else written(read, size[0])
        refined = yield from self._refine(read, size, stage.detail, stage.steps, given.keep if given else None)
        if self._job.poles:
            detail = min(_CAP_DETAIL, stage.detail)
            refined = yield from self._mended(refined, picture, given, _LARGE_CAP, detail, stage.steps)
        return refined

    @property
    def mending(self) -> int:
        """How many windows :meth:`mend` works on."""
        return 2 * (self._cap_steps + 2) * len(self._grid(self._cap(90, _COMPOSED_CAP, self._todo.painted // 2)))

    @property
    def enlarging(self) -> int:
        """How many windows :meth:`enlarge` works on in all stages."""
        before = (self._todo.painted, *(stage.width for stage in self._todo.stages))
        return sum(map(self._enlarging, before, self._todo.stages))

    def _enlarging(self, width: int, stage: Stage) -> int:
        """As many, where a picture of *width* pixels is enlarged."""
        work = 0
        while self._upscaler and stage.learned and width < stage.width:
            work += self._upscaler.work(width, bool(self._job.poles))
            width *= self._upscaler.scale
        if stage.detail:
            windows = len(self._grid(None, (stage.width // 2, stage.width)))
            if self._job.poles:
                windows += 2 * len(self._grid(self._cap(90, _LARGE_CAP, stage.width // 2)))
            work += (stage.steps + 2) * windows
        return work

    @property
    def _cap_steps(self) -> int:
        assert self._job.steps is not None
        return max(min(FEWEST, self._job.steps), round(self._job.steps * _CAP_DETAIL))

    def _cap(self, elevation: float, angle: float, height: int) -> View:
        """A view *angle* degrees across of a pole, its pixels about as fine as those of a panorama of *height* rows."""
        unit = self._scale * self._model.multiple
        size = 2 * math.tan(math.radians(angle / 2)) * height / math.pi
        pixels = max(min(self._model.native_height * self._model.paint_scale, height), round(size / unit) * unit)
        return View(_TURN * math.log2(height), elevation, angle, pixels)

    def _mended(
        self, panorama: Tensor, seen: Tensor, given: Given | None, angle: float, detail: float, steps: int
    ) -> Refining:
        """*panorama*, changed in place, with the poles of *seen*, which may be smaller, refined in views of *angle*
        degrees across."""
        height = panorama.shape[1]
        for elevation in (90.0, -90.0):
            view = self._cap(elevation, angle, height)
            read: Reader = partial(_rows_of, view, reader(seen), seen.shape[1])
            keep = None
            if given:
                keep = render(reader(given.keep), height, view)
                own = self._model.transfer.from_radiance(render(reader(given.radiance), height, view))
                read = reader(torch.lerp(read(0, view.size), own, keep))
            cap = yield from self._refine(read, (view.size, view.size), detail, steps, keep, view)
            paste_cap(panorama, view, cap)  # the other pole's view does not reach as far
        return panorama

    def _refine(
        self,
        read: Reader,
        size: tuple[int, int],
        detail: float,
        steps: int,
        keep: Tensor | None,
        view: View | None = None,
    ) -> Refining:
        """Encode the picture ``[3, *size]`` that is *read*, a panorama or a *view* of it, noise it, take the last
        *steps* of the denoising, which are its share *detail*, and decode it. keep: ``[1, *size]``, how much of a pixel
        stays."""
        model, wraps = self._model, self._todo.windows.wraps and view is None
        grid = self._grid(view, size)
        pixels = grid.scaled(self._scale)
        window = grid.rows.shape[1], grid.columns.shape[1]
        at_once = windows_per_decode(model, window, beside=3 * 4 * size[0] * size[1] if view else 0)
        solver, levels = self._solver(detail, steps, window)

        seen = means(read, model.paint_scale)  # as large as the autoencoder sees it
        latents = yield from _beats(grid.scaled(model.factor).map(seen, self._encode, at_once, grid))
        latents = latents.to(model.device)
        known = None
        if keep is not None:
            weight = adaptive_avg_pool2d(keep, grid.size)[None].to(latents)
            known = Known(latents, weight, until=torch.full_like(weight, len(solver.levels)))
        denoise = self._denoiser(grid, solver, view)
        noise = torch.randn(latents.shape, generator=self._noise).to(latents)
        x = x0 = solver.noise_to(levels[0], latents, noise)
        for index in levels:
            denoised = partial(_at, denoise, solver.levels[index])
            x0 = yield from _beats(grid.map(reader(x[0]), denoised, self._todo.call))
            if not torch.isfinite(x0).all():
                raise GenerationFailed(
                    f"The picture fell apart when {size[1]} pixels were refined (values are not numbers).",
                    "Lower the detail or the guidance.",
                )
            x0 = _with_tones(x0[0], reader(latents[0]), _TONES * grid.window, wraps)[None]
            x0 = _with_levels(x0, latents, grid.window, wraps, sees_horizon=view is None)
            x0 = known.into(index, x0) if known else x0
            x = solver.step(index, x, x0)
            yield Beat(0, None if view else x0)
        refined = (yield from _beats(grid.map(reader(x0[0].cpu()), self._decode, at_once, pixels)))[0]
        return _with_tones(model.finish(refined, wraps), read, _TONES * pixels.window, wraps)

    def _grid(self, view: View | None, pixels: Sequence[int] = ()) -> Grid:
        """For a panorama of *pixels* (height, width), or a *view* of one."""
        height, width = (view.size, view.size) if view else pixels
        wraps = self._todo.windows.wraps and view is None
        window = self._model.native_height // self._model.factor
        return Grid.layout((height // self._scale, width // self._scale), window, wraps, self._model.device)

    def _solver(self, detail: float, steps: int, window: tuple[int, int]) -> tuple[Solver, range]:
        """A solver, and which of its steps are *steps* that end where hardly any noise is left."""
        job = self._job
        assert job.solver is not None and job.steps is not None
        total = max(steps, min(round(steps / detail), max(_MOST_STEPS, job.steps)))
        solver = self._model.solver(job.solver, total, window, self._noise)
        end = len(solver.levels) - (solver.levels[-1].sigma < _CLEAN and total > steps)
        return solver, range(end - steps, end)

    def _denoiser(self, grid: Grid, solver: Solver, view: View | None) -> Denoiser:
        regions, base = self._job.regions, self._todo.base
        control = control_crops(self._job, grid, self._model.factor, view)
        conditions = [condition.beside(control) for condition in self._conditions]
        by_prompt = denoisers(self._todo, self._model, conditions, self._precision)
        if not regions:
            return by_prompt[0]
        if view:
            small = replace(view, size=grid.size[0])
            around = shares(regions, base, (base // 2, base))
            share = torch.stack([render(reader(each), base // 2, small) for each in around])
        else:
            share = shares(regions, max(base, grid.size[1]), grid.size)
        share = share.to(self._model.device)
        return RegionalDenoiser(by_prompt, share, grid, solver, bootstrap=0, generator=self._noise)

    def _encode(self, pictures: Tensor, _which: Tensor) -> Tensor:
        return self._model.encode(pictures.to(self._model.device), wraps=False)

    def _decode(self, latents: Tensor, _which: Tensor) -> Tensor:
        return self._model.paint(latents.to(self._model.device), wraps=False).float()


def _at(denoise: Denoiser, level: Level, windows: Tensor, which: Tensor) -> Tensor:
    return denoise(windows, level, which)


def _rows_of(view: View, read: Reader, height: int, first: int, last: int) -> Tensor:
    """Rows of a *view* of the panorama of *height* rows that *read* reads."""
    return render(read, height, view, "bicubic", rows=range(first, last))


def _with_given(read: Reader, given: Given, transfer: Transfer, first: int, last: int) -> Tensor:
    """Rows of the panorama that *read* reads, with what is kept of the *given* one."""
    rows = slice(first, last)
    return torch.lerp(read(first, last), transfer.from_radiance(given.radiance[:, rows]), given.keep[:, rows])


def _beats(counts: Generator[int, None, Tensor]) -> Refining:
    while True:
        try:
            windows = next(counts)
        except StopIteration as end:
            return end.value
        yield Beat(windows)


def _with_tones(refined: Tensor, read: Reader, reach: float, wraps: bool) -> Tensor:
    """*refined* ``[C, H, W]``, changed in place, with the tones of the picture that is *read* in all that is larger
    than *reach*: an autoencoder flattens them, and windows that are decoded one by one differ a little."""
    height = refined.shape[1]
    cell = math.gcd(1 << max(0, int(math.log2(reach / 4))), *refined.shape[1:])
    rows = max(1, _BAND // cell)  # of averages
    small = means(read, cell)(0, height // cell)[None] - avg_pool2d(refined[None], cell)
    for _ in range(2):
        small = avg_pool2d(_with_margin(small, wraps), 3, stride=1)
    small = _with_margin(small, wraps)
    for first in range(0, small.shape[2] - 2, rows):
        some = interpolate(small[:, :, first : first + rows + 2], scale_factor=cell, mode="bilinear")[0]
        refined[:, first * cell : (first + rows) * cell] += some[:, cell:-cell, cell:-cell]
    return refined


def _with_levels(x0: Tensor, latents: Tensor, window: int, wraps: bool, sees_horizon: bool) -> Tensor:
    """*x0* ``[1, C, h, w]`` with the rows of *latents* where they are alike for half a window to each side: a model
    paints a level line into each window, where it expects the horizon. The true one, in the middle of a panorama, is
    left to it."""
    reach = min(window // 2, x0.shape[3] - 1)
    apart = pad(latents - x0, (reach, reach, 0, 0), mode="circular" if wraps else "replicate")
    levels = avg_pool2d(apart, (1, 2 * reach + 1), stride=1)
    if sees_horizon:
        middle = x0.shape[2] // 2
        levels[:, :, middle - _HORIZON : middle + _HORIZON] = 0
    return x0 + levels


def _with_margin(small: Tensor, wraps: bool) -> Tensor:
    return pad(pad(small, (1, 1, 0, 0), mode="circular" if wraps else "replicate"), (0, 0, 1, 1), mode="replicate")
