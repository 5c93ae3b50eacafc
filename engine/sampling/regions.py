"""Prompts by direction: each part of the panorama is denoised with the prompt that is meant for it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .grid import Grid
from .samplers import Denoiser
from .solver import Level, Solver
from .windows import Windows

BOOTSTRAP = 0.2  # share of the steps, as in MultiDiffusion


class RegionalDenoiser:
    """MultiDiffusion's regions (2302.08113, section 4.2): a window's clean prediction is the mean of those that its
    prompts give, weighted by how much of each pixel is theirs. A window is only denoised with prompts that it needs.

    denoisers: one a prompt. shares: ``[prompts, 1, h, W]``, which sum to 1 everywhere. In the first steps
    (*bootstrap* of them) a prompt sees flat noise-covered colours, drawn from *generator* (on the CPU), where the
    canvas is not its own, so that what it asks for comes to lie inside (bootstrapping, same section).
    """

    def __init__(
        self,
        denoisers: Sequence[Denoiser],
        shares: Tensor,
        windows: Windows | Grid,
        solver: Solver,
        bootstrap: int,
        generator: torch.Generator,
    ) -> None:
        self._denoisers = denoisers
        self._shares = torch.stack([windows.gather(share[None]) for share in shares])  # [prompts, n, 1, h, w]
        self._early = {float(level.timestep) for level in solver.levels[:bootstrap]}
        self._generator = generator

    def __call__(self, windows: Tensor, level: Level, which: Tensor) -> Tensor:
        clean = torch.zeros_like(windows)
        for number, denoise in enumerate(self._denoisers):
            share = self._shares[number, which]
            touched = share.flatten(1).any(1).nonzero()[:, 0]
            if not len(touched):
                continue
            seen, own = windows[touched], share[touched]
            if number and float(level.timestep) in self._early:  # the first prompt is for everywhere
                seen = torch.lerp(self._flat(seen, level), seen, own.sqrt())
            clean = clean.index_add(0, touched, own * denoise(seen, level, which[touched]))
        return clean

    def _flat(self, like: Tensor, level: Level) -> Tensor:
        """A colour of its own for each window, under the window's noise level."""
        colour = torch.randn(*like.shape[:2], 1, 1, generator=self._generator).to(like)
        noise = torch.randn(like.shape, generator=self._generator).to(like)
        return level.alpha * colour + level.sigma * noise
