"""Solvers of the diffusion ODE: diffusers' schedulers, driven by clean-image predictions.

Whatever a model predicts, its adapter turns it into x0, so each scheduler is stepped with ``prediction_type="sample"``.
Each is linear in x and in x0, present and past: the step of the mean of all windows is the mean of their steps, and one
solver serves the ring.
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UniPCMultistepScheduler
from torch import Tensor

from ..errors import BadRequest
from ..job import SolverName


@dataclass(frozen=True)
class Level:
    """A noise level: ``x = alpha * x0 + sigma * noise`` at *timestep*, with ``alpha**2 + sigma**2 == 1``."""

    timestep: Tensor
    alpha: float
    sigma: float


# Latents have no fixed range: neither clipped nor thresholded, also where a configuration leaves that unset.
_SCHEDULERS: dict[SolverName, tuple[Any, dict[str, Any]]] = {
    "ddim": (DDIMScheduler, {"clip_sample": False, "thresholding": False}),  # 2010.02502, eta = 0
    "euler": (EulerDiscreteScheduler, {}),  # 2206.00364, Algorithm 1 without the correction
    "dpm++2m": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++", "thresholding": False}),  # 2211.01095
    "unipc": (UniPCMultistepScheduler, {"thresholding": False}),  # 2302.04867
}


class Solver:
    """The scheduler *name* with a model's own noise schedule (*config*), in *steps* steps. Serves one run.

    The canvas is variance preserving for every solver; one that works on ``x / alpha`` is given that.
    Raises :class:`BadRequest` if the schedule has fewer steps.
    """

    def __init__(self, name: SolverName, config: dict[str, Any], steps: int, device: torch.device) -> None:
        kind, overrides = _SCHEDULERS[name]
        self._scheduler: Any = kind.from_config(config, prediction_type="sample", **overrides)
        self._scheduler.set_timesteps(steps, device=device)
        trained = self._scheduler.config.num_train_timesteps
        if max(self._scheduler.timesteps) >= trained:
            raise BadRequest(f"{steps} steps are more than the model's schedule has.", f"Choose less than {trained}.")
        self._name = name
        self.levels = [self._level(index) for index in range(len(self._scheduler.timesteps))]

    def _level(self, index: int) -> Level:
        timestep = self._scheduler.timesteps[index]
        if self._name == "ddim":
            alpha = self._scheduler.alphas_cumprod[timestep.cpu()].item() ** 0.5
        else:
            alpha = self._alpha(index)
        return Level(timestep, alpha, (1 - alpha**2) ** 0.5)

    def _alpha(self, index: int) -> float:
        """From the noise-to-signal ratio that these schedulers call sigma."""
        return (1 + self._scheduler.sigmas[index].item() ** 2) ** -0.5

    def step(self, index: int, x: Tensor, x0: Tensor) -> Tensor:
        """From *x* at ``levels[index]`` to the next level, given its clean prediction; both ``[1, C, h, W]``."""
        timestep = self.levels[index].timestep
        if self._name != "euler":
            return self._scheduler.step(x0, timestep, x).prev_sample
        stepped = self._scheduler.step(x0, timestep, x / self.levels[index].alpha).prev_sample
        return stepped * self._alpha(index + 1)
