"""A diffusers scheduler, driven by clean-image predictions.

Whatever a model predicts, its adapter turns it into x0, so a solver is stepped with ``prediction_type="sample"``. It is
linear in (x, x0): the step of the mean of all windows is the mean of their steps, and one solver serves the ring.
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DDIMScheduler
from torch import Tensor


@dataclass(frozen=True)
class Level:
    """A noise level: ``x = alpha * x0 + sigma * noise`` at *timestep*."""

    timestep: Tensor
    alpha: float
    sigma: float


class DDIM:
    """DDIM (2010.02502) with eta = 0, from a model's own scheduler configuration, in *steps* steps."""

    def __init__(self, config: dict[str, Any], steps: int, device: torch.device) -> None:
        # Latents have no fixed range: a configuration that leaves clip_sample unset must not fall back to True.
        self._scheduler = DDIMScheduler.from_config(
            config, prediction_type="sample", clip_sample=False, thresholding=False
        )
        self._scheduler.set_timesteps(steps, device=device)
        self.levels = [self._level(timestep) for timestep in self._scheduler.timesteps]

    def _level(self, timestep: Tensor) -> Level:
        alpha_squared = self._scheduler.alphas_cumprod[timestep.cpu()].item()
        return Level(timestep, alpha_squared**0.5, (1 - alpha_squared) ** 0.5)

    def step(self, level: Level, x: Tensor, x0: Tensor) -> Tensor:
        """From *x* at *level* to the next level, given its clean prediction; both ``[1, C, h, W]``."""
        return self._scheduler.step(x0, level.timestep, x).prev_sample
