"""Joint diffusion of overlapping windows, one function per sampler, each a generator of :class:`Step`.

All take ``x``, the canvas ``[1, C, h, W]`` before denoising step ``first``: noise, if that is 0. ``known``: what is put
into every clean prediction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor

from .known import Known
from .solver import Level, Solver
from .synchronization import Synchronization
from .windows import Windows

_WANDER = (5**0.5 - 1) / 2  # of the ring, from step to step: the golden ratio comes back to no place soon


class Denoiser(Protocol):
    """The clean windows that a model sees in noisy ones.

    ``windows``: ``[k, C, h, w]`` at ``level``; ``which``: their indices ``[k]``, because the prompt may differ by
    azimuth. Returns x0, same shape.
    """

    def __call__(self, windows: Tensor, level: Level, which: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Step:
    """The canvas after denoising step *index* (from 0) of the *total* that are taken, and its clean prediction; both
    ``[1, C, h, W]``."""

    index: int
    total: int
    x: Tensor
    x0: Tensor


def multidiffusion(
    denoise: Denoiser, x: Tensor, solver: Solver, windows: Windows, first: int = 0, known: Known | None = None
) -> Iterator[Step]:
    """MultiDiffusion (Bar-Tal et al. 2023, arXiv 2302.08113): every window denoised alone, overlaps averaged."""
    return _denoise_and_merge(denoise, x, solver, windows, windows.average, first, known)


def swap_diffusion(
    denoise: Denoiser, x: Tensor, solver: Solver, windows: Windows, first: int = 0, known: Known | None = None
) -> Iterator[Step]:
    """Self-loop latent swap (Dai et al. 2025, arXiv 2502.05130): every window denoised alone, and where they overlap
    the canvas takes its columns from them in turn. Nothing is averaged, so nothing is blurred.

    The paper's windows overlap by half, so that two take turns.
    """
    return _denoise_and_merge(denoise, x, solver, windows, windows.interleave, first, known)


def _denoise_and_merge(
    denoise: Denoiser,
    x: Tensor,
    solver: Solver,
    windows: Windows,
    merge: Callable[[Tensor], Tensor],
    first: int,
    known: Known | None,
) -> Iterator[Step]:
    everything = torch.arange(len(windows), device=x.device)
    for index, level in _levels(solver, first):
        with torch.no_grad():
            x0 = merge(denoise(windows.gather(x), level, everything))
            x, x0 = _advance(solver, index, x, x0, known)
        yield Step(index - first, len(solver.levels) - first, x, x0)


def _levels(solver: Solver, first: int) -> Iterator[tuple[int, Level]]:
    return islice(enumerate(solver.levels), first, None)


def _advance(solver: Solver, index: int, x: Tensor, x0: Tensor, known: Known | None) -> tuple[Tensor, Tensor]:
    """The canvas after step *index*, and the clean prediction *x0* as it was used."""
    if known:
        x0 = known.into(index, x0)
    return solver.step(index, x, x0), x0


def sync_diffusion(
    denoise: Denoiser,
    x: Tensor,
    solver: Solver,
    windows: Windows,
    sync: Synchronization,
    first: int = 0,
    known: Known | None = None,
) -> Iterator[Step]:
    """SyncDiffusion (Lee et al. 2023, arXiv 2306.05178, Algorithm 1): before each of the first ``sync.steps`` steps,
    every window but the anchor takes one gradient step on its perceptual distance to the anchor's clean prediction.

    *sync* may depart from the paper. Without weight this is :func:`multidiffusion`.
    """
    everything = torch.arange(len(windows), device=x.device)
    for index, level in _levels(solver, first):
        with torch.no_grad():
            noisy = windows.gather(x)
            if sync.weight(index) > 0:
                noisy, clean = sync.synchronize(denoise, noisy, level, index)
                x = windows.average(noisy)
            else:
                clean = denoise(noisy, level, everything)
            x, x0 = _advance(solver, index, x, windows.average(clean), known)
        yield Step(index - first, len(solver.levels) - first, x, x0)


def sparse_sync_diffusion(
    denoise: Denoiser,
    x: Tensor,
    solver: Solver,
    windows: Windows,
    sync: Synchronization,
    drawn: Windows,
    wander: bool,
    first: int = 0,
    known: Known | None = None,
) -> Iterator[Step]:
    """:func:`sync_diffusion` with the gradients of a few windows: what they move, the canvas moves, and all windows are
    then denoised as in :func:`multidiffusion`. Overlapping windows have much the same gradient, so one of them serves.

    drawn: the ring of windows that have gradients, side by side. wander: they lie elsewhere in every synchronized step,
    as in :func:`spot_diffusion`, so that no seam stays where it was; the anchor goes with them.
    """
    everything = torch.arange(len(windows), device=x.device)
    for index, level in _levels(solver, first):
        shift = round(index * _WANDER * drawn.width) % drawn.width if wander else 0
        with torch.no_grad():
            if sync.weight(index) > 0:
                moved = sync.move(denoise, drawn.gather(x.roll(-shift, dims=3)), level, index)
                x = x + drawn.average(moved).roll(shift, dims=3)
            x0 = windows.average(denoise(windows.gather(x), level, everything))
            x, x0 = _advance(solver, index, x, x0, known)
        yield Step(index - first, len(solver.levels) - first, x, x0)


def spot_diffusion(
    denoise: Denoiser,
    x: Tensor,
    solver: Solver,
    windows: Windows,
    generator: torch.Generator,
    first: int = 0,
    known: Known | None = None,
) -> Iterator[Step]:
    """SpotDiffusion (Frolov et al. 2024, arXiv 2407.15507): windows side by side, shifted at random in every step, so
    that each column is denoised once a step and no seam stays where it was.

    windows: a ring whose stride is the window. generator: on the CPU.
    """
    everything = torch.arange(len(windows), device=x.device)
    for index, level in _levels(solver, first):
        shift = int(torch.randint(windows.width, (1,), generator=generator))
        with torch.no_grad():
            shifted = windows.gather(x.roll(-shift, dims=3))
            x0 = windows.average(denoise(shifted, level, everything)).roll(shift, dims=3)
            x, x0 = _advance(solver, index, x, x0, known)
        yield Step(index - first, len(solver.levels) - first, x, x0)
