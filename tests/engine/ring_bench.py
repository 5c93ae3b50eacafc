"""A small ring to try samplers on."""

from dataclasses import dataclass
from typing import Any

import torch

from engine.models.model import Model
from engine.perceptual.distance import Distance
from engine.sampling.chunks import Chunks
from engine.sampling.samplers import Denoiser, Step, multidiffusion, sync_diffusion
from engine.sampling.solver import Solver
from engine.sampling.synchronization import Synchronization
from engine.sampling.windows import Windows

PROMPT, NEGATIVE, GUIDANCE = "storm clouds over a grass field", "people", 7.5


@dataclass
class Bench:
    """4 windows of 16 x 16 latents every 8 columns."""

    model: Model
    distance: Distance
    windows: Windows
    noise: torch.Tensor

    @property
    def denoise(self) -> Denoiser:
        return self.model.denoiser(self.model.condition(PROMPT, NEGATIVE, GUIDANCE))

    def solver(self, steps: int = 2) -> Solver:
        return Solver("ddim", self.model.scheduler_config, steps, self.model.device)

    def sync(self, **changes: Any) -> Synchronization:
        settings = {"anchor": 2, "steps": 2, "initial_weight": 20.0, "decay": 0.95, "chunks": Chunks(2)} | changes
        return Synchronization(distance=self.distance, display=self.model.display, **settings)

    def run(self, noise: torch.Tensor, sync: Synchronization | None, steps: int = 2) -> list[Step]:
        if sync is None:
            return list(multidiffusion(self.denoise, noise, self.solver(steps), self.windows))
        return list(sync_diffusion(self.denoise, noise, self.solver(steps), self.windows, sync))
