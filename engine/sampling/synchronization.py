"""SyncDiffusion's coherence term: the gradient of a perceptual distance between windows' clean predictions."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..perceptual.lpips_distance import PerceptualDistance
from .solver import Level


@dataclass(frozen=True)
class Synchronization:
    """How windows are drawn towards the anchor.

    distance: between two pictures. display: clean latents ``[k, C, h, w]`` to pictures ``[k, 3, H, W]`` in [0, 1],
    differentiable. anchor: index of the window that stays as it is. steps: how many denoising steps are synchronized,
    from the first. initial_weight, decay: the paper's w and its factor per step. batch: windows per gradient.
    """

    distance: PerceptualDistance
    display: Callable[[Tensor], Tensor]
    anchor: int
    steps: int
    initial_weight: float
    decay: float
    batch: int

    def weight(self, index: int) -> float:
        """w at denoising step *index*."""
        return self.initial_weight * self.decay**index

    def gradient(self, denoise: Callable, windows: Tensor, level: Level, which: Tensor, anchor: Tensor) -> Tensor:
        """Exact gradient of each window's distance to the anchor, through distance, decoder and denoiser (eq. 7).

        windows: ``[k, C, h, w]``, noisy, at *level*; which: their indices ``[k]``; anchor: its clean latents
        ``[1, C, h, w]``. Returns ``[k, C, h, w]``. The anchor's features are computed once for all windows.
        """
        with torch.no_grad():
            target = self.distance.features(self.display(anchor))
        gradients = []
        for part, indices in zip(windows.split(self.batch), which.split(self.batch), strict=True):
            part = part.detach().requires_grad_()
            with torch.enable_grad():
                pictures = self.display(denoise(part, level, indices))
                loss = self.distance.between(self.distance.features(pictures), target).sum()
            gradients.append(torch.autograd.grad(loss, part)[0])
        return torch.cat(gradients)
