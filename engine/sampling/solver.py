"""Solvers of the diffusion ODE: diffusers' schedulers, driven by clean-image predictions.

Whatever a model predicts, its adapter turns it into x0, so each scheduler is stepped with ``prediction_type="sample"``,
a flow with the velocity towards it. Each is affine in x and in x0, present and past: the step of the mean of all
windows is the mean of their steps, and one solver serves the ring. (A pixel model's clipping applies to the mean.)
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

from ..errors import BadRequest
from ..job import SolverName


@dataclass(frozen=True)
class Level:
    """A noise level: ``x = alpha * x0 + sigma * noise`` at *timestep*.

    Diffusion preserves variance, ``alpha**2 + sigma**2 == 1``; a rectified flow goes straight, ``alpha + sigma == 1``.
    """

    timestep: Tensor
    alpha: float
    sigma: float


_SCHEDULERS: dict[SolverName, tuple[Any, dict[str, Any]]] = {
    "ddim": (DDIMScheduler, {}),  # 2010.02502, eta = 0
    "euler": (EulerDiscreteScheduler, {}),  # 2206.00364, Algorithm 1 without the correction
    "dpm++2m": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++"}),  # 2211.01095
    "unipc": (UniPCMultistepScheduler, {}),  # 2302.04867
    "lcm": (LCMScheduler, {}),  # 2303.01469, Algorithm 1: to x0 in one leap, then noise again
    "flow-euler": (FlowMatchEulerDiscreteScheduler, {}),  # 2403.03206, section 2
    "tcd": (TCDScheduler, {}),  # 2402.19159: as lcm, but most of the noise that was there stays
}
# Of models whose network jumps along the trajectory: they add noise, and were taught at a few timesteps only.
_LEAPS: tuple[SolverName, ...] = ("lcm", "tcd")


def fitting_solvers(scheduler: str, config: dict[str, Any]) -> tuple[SolverName, ...]:
    """The solvers for a model that was saved with this diffusers class, the one it gets by default first."""
    if scheduler == "LCMScheduler":  # its network jumps to the end of the trajectory, which no ODE solver expects
        return ("lcm",)
    if scheduler == "TCDScheduler":  # to any point of it, the end among them
        return ("tcd", "lcm")
    if scheduler.startswith("FlowMatch"):
        return ("flow-euler",)
    if is_few_step(scheduler, config):
        return ("euler", "ddim", "dpm++2m", "unipc", "lcm", "tcd")
    return ("ddim", "euler", "dpm++2m", "unipc", "lcm", "tcd")


def is_few_step(scheduler: str, config: dict[str, Any]) -> bool:
    """Whether a model with this scheduler was distilled to a few steps without guidance.

    LCM and TCD say so, of which Hyper-SD (2404.13686) is. Turbo (2311.17042) and Lightning (2402.13929) models are
    saved with an Euler scheduler whose steps are counted from the last timestep, as otherwise only models do whose
    schedule ends without any signal (2305.08891).
    """
    trailing = config.get("timestep_spacing") == "trailing" and not config.get("rescale_betas_zero_snr")
    return scheduler in ("LCMScheduler", "TCDScheduler") or (scheduler.startswith("Euler") and trailing)


class Solver:
    """The scheduler *name* with a model's own noise schedule (*config*), in *steps* steps. Serves one run.

    A diffusion's canvas is variance preserving for every solver; one that works on ``x / alpha`` is given that.
    generator: on the CPU, of the noise that ``lcm`` and ``tcd`` add. spacing: what places the steps of a flow, for
    ``set_timesteps``. Raises :class:`BadRequest` if the schedule has fewer steps.
    """

    def __init__(
        self,
        name: SolverName,
        config: dict[str, Any],
        steps: int,
        device: torch.device,
        generator: torch.Generator | None = None,
        **spacing: Any,
    ) -> None:
        kind, overrides = _SCHEDULERS[name]
        self._scheduler: Any = kind.from_config(config, prediction_type="sample", **overrides)
        trained = self._scheduler.config.num_train_timesteps
        most = self._scheduler.config.original_inference_steps if name in _LEAPS else trained
        if steps > most:
            raise BadRequest(f"{steps} steps are more than the model's schedule has.", f"Choose at most {most}.")
        self._scheduler.set_timesteps(steps, device=device, **spacing)
        if name != "flow-euler" and max(self._scheduler.timesteps) >= trained:  # its offset of a step can be too much
            raise BadRequest(f"{steps} steps are more than the model's schedule has.", f"Choose less than {trained}.")
        self._name = name
        self._generator = generator
        self.levels = [self._level(index) for index in range(len(self._scheduler.timesteps))]

    def _level(self, index: int) -> Level:
        timestep = self._scheduler.timesteps[index]
        if self._name == "flow-euler":
            sigma = self._scheduler.sigmas[index].item()
            return Level(timestep, 1 - sigma, sigma)
        if self._name in ("ddim", *_LEAPS):
            alpha = self._scheduler.alphas_cumprod[timestep.cpu()].item() ** 0.5
        else:
            alpha = self._alpha(index)
        return Level(timestep, alpha, (1 - alpha**2) ** 0.5)

    def _alpha(self, index: int) -> float:
        """From the noise-to-signal ratio that these schedulers call sigma."""
        return (1 + self._scheduler.sigmas[index].item() ** 2) ** -0.5

    def noise_to(self, index: int, x0: Tensor, noise: Tensor) -> Tensor:
        """The clean canvas *x0* ``[1, C, h, W]`` under *noise*, as it is at ``levels[index]``."""
        return self.levels[index].alpha * x0 + self.levels[index].sigma * noise

    def step(self, index: int, x: Tensor, x0: Tensor) -> Tensor:
        """From *x* at ``levels[index]`` to the next level, given its clean prediction; both ``[1, C, h, W]``."""
        level = self.levels[index]
        if self._name == "euler":
            stepped = self._scheduler.step(x0, level.timestep, x / level.alpha).prev_sample
            return stepped * self._alpha(index + 1)
        if self._name == "flow-euler":
            return self._scheduler.step((x - x0) / level.sigma, level.timestep, x).prev_sample
        noise = {"generator": self._generator} if self._name in _LEAPS else {}
        return self._scheduler.step(x0, level.timestep, x, **noise).prev_sample
