"""Joint diffusion of overlapping windows, one function per sampler, each a generator of :class:`Step`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .solver import Level, Solver
from .synchronization import Synchronization
from .windows import Windows


class Denoiser(Protocol):
    """The clean windows that a model sees in noisy ones.

    ``windows``: ``[k, C, h, w]`` at ``level``; ``which``: their indices ``[k]``, because the prompt may differ by
    azimuth. Returns x0, same shape.
    """

    def __call__(self, windows: Tensor, level: Level, which: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Step:
    """The canvas after denoising step *index* (from 0) of *total*, and its clean prediction; both ``[1, C, h, W]``."""

    index: int
    total: int
    x: Tensor
    x0: Tensor


def multidiffusion(denoise: Denoiser, x: Tensor, solver: Solver, windows: Windows, first: int = 0) -> Iterator[Step]:
    """MultiDiffusion (Bar-Tal et al. 2023, arXiv 2302.08113): every window denoised alone, overlaps averaged.

    x: the canvas ``[1, C, h, W]`` at the noise level of step *first*.
    """
    everything = torch.arange(len(windows), device=x.device)
    for index, level in enumerate(solver.levels[first:], first):
        with torch.no_grad():
            x0 = windows.average(denoise(windows.gather(x), level, everything))
            x = solver.step(index, x, x0)
        yield Step(index, len(solver.levels), x, x0)


def sync_diffusion(
    denoise: Denoiser, x: Tensor, solver: Solver, windows: Windows, sync: Synchronization
) -> Iterator[Step]:
    """SyncDiffusion (Lee et al. 2023, arXiv 2306.05178, Algorithm 1): before each of the first ``sync.steps`` steps,
    every window but the anchor takes one gradient step on its perceptual distance to the anchor's clean prediction.

    x: noise on the canvas ``[1, C, h, W]``. With ``sync.steps == 0`` this is :func:`multidiffusion`.
    """
    anchor = sync.anchor
    others = torch.tensor([k for k in range(len(windows)) if k != anchor], device=x.device)
    only_anchor = torch.tensor([anchor], device=x.device)
    for index, level in enumerate(solver.levels[: sync.steps]):
        with torch.no_grad():
            noisy = windows.gather(x)
            clean = torch.empty_like(noisy)
            clean[only_anchor] = denoise(noisy[only_anchor], level, only_anchor)
        noisy[others] -= sync.weight(index) * sync.gradient(denoise, noisy[others], level, others, clean[only_anchor])
        with torch.no_grad():
            clean[others] = denoise(noisy[others], level, others)
            x0 = windows.average(clean)
            x = solver.step(index, windows.average(noisy), x0)
        yield Step(index, len(solver.levels), x, x0)
    yield from multidiffusion(denoise, x, solver, windows, first=sync.steps)


def spot_diffusion(
    denoise: Denoiser, x: Tensor, solver: Solver, windows: Windows, generator: torch.Generator
) -> Iterator[Step]:
    """SpotDiffusion (Frolov et al. 2024, arXiv 2407.15507): windows side by side, shifted at random in every step, so
    that each column is denoised once a step and no seam stays where it was.

    x: noise on the canvas ``[1, C, h, W]``. windows: a ring whose stride is the window. generator: on the CPU.
    """
    everything = torch.arange(len(windows), device=x.device)
    for index, level in enumerate(solver.levels):
        shift = int(torch.randint(windows.width, (1,), generator=generator))
        with torch.no_grad():
            shifted = windows.gather(x.roll(-shift, dims=3))
            x0 = windows.average(denoise(shifted, level, everything)).roll(shift, dims=3)
            x = solver.step(index, x, x0)
        yield Step(index, len(solver.levels), x, x0)
