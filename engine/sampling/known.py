"""Parts of the canvas that are known before it is painted: a photo, or all that an edit leaves alone."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .solver import Solver


@dataclass(frozen=True)
class Known:
    """What is known of the clean canvas. It takes the prediction's place before each step, so that the rest is painted
    to go with it (RePaint, 2201.09865, and Blended Latent Diffusion, 2206.02779, which replace the noisy canvas: with
    the noise kept, as here, that is the same, and every solver's history stays true).

    latents: ``[1, C, h, W]``. weight: ``[1, 1, h, W]`` in [0, 1], 0 where nothing is known. until: ``[1, 1, h, W]``,
    the denoising step from which on the canvas is free again. after: like weight, what is left of it from then on: a
    strongly guided model makes something else of a place in very few steps. foretell: from a departure ``[C, h, W]``
    and where it is known, ``[1, h, W]``, what is to be expected of it everywhere. With it, the rest is moved as what is
    known departs from its prediction (as pseudoinverse guidance does, Song et al. 2023, "Pseudoinverse-guided diffusion
    models for inverse problems", where the covariance is a network's derivative): a small network alone goes its own
    way.
    """

    latents: Tensor
    weight: Tensor
    until: Tensor
    foretell: Callable[[Tensor, Tensor], Tensor] | None = None
    after: Tensor | float = 0.0

    def start(self, index: int, x: Tensor, noise: Tensor, solver: Solver) -> Tensor:
        """*x* as the canvas before step *index*, with what is known under *noise*."""
        held = self._held(index)
        return torch.lerp(x, solver.noise_to(index, self.latents, noise), held) if held.any() else x

    def into(self, index: int, x0: Tensor) -> Tensor:
        """The clean prediction *x0* of step *index* with what is known in its place."""
        held = self._held(index)
        if self.foretell and held.any():
            x0 = x0 + self.foretell((self.latents - x0)[0], held[0])
        return torch.lerp(x0, self.latents, held)

    def _held(self, index: int) -> Tensor:
        return torch.where(index < self.until, self.weight, self.after)
