"""Skyloom's sampler with the very calls of the published loop: a window at a time through the same network, decoder and
LPIPS. What differs then is the algorithm's, and not the rounding of a network that is called in another way."""

from typing import Any

import torch
from torch import Tensor

from benchmarks.algorithm_1 import Algorithm1, Calls, in_double
from engine.perceptual.distance import Distance, Features
from engine.perceptual.lpips_distance import _lpips_package
from engine.sampling.chunks import Chunks
from engine.sampling.samplers import sync_diffusion
from engine.sampling.solver import Level, Solver
from engine.sampling.synchronization import Synchronization
from engine.sampling.windows import Windows


def run(loop: Algorithm1, calls: Calls, noise: Tensor, windows: Windows, weight: float, decay: float) -> Tensor:
    """What :meth:`Algorithm1.run` returns."""

    def denoise(views: Tensor, level: Level, which: Tensor) -> Tensor:
        return torch.cat([calls.clean(view, level.timestep) for view in views.split(1)])

    steps = len(calls.scheduler.timesteps)
    solver = Solver("ddim", loop.schedule, steps, loop.device)
    in_double(solver._scheduler)
    sync = Synchronization(
        distance=_Package(loop.lpips),
        display=calls.show,
        anchor=windows.middle,
        steps=steps,
        initial_weight=weight,
        decay=decay,
        chunks=Chunks(1),
    )
    *_, last = sync_diffusion(denoise, noise.to(loop.device, torch.float64), solver, windows, sync)
    return last.x


class _Package(Distance):
    """LPIPS as its package computes it, apart from the features that are kept."""

    def __init__(self, lpips: Any) -> None:
        super().__init__(lpips.net)
        self._lpips = lpips

    def features(self, pictures: Tensor) -> Features:
        return self.describe(self.network(self._lpips.scaling_layer(pictures * 2 - 1)))

    def describe(self, activations: Features) -> Features:
        return [_lpips_package().normalize_tensor(layer) for layer in activations]

    def between(self, first: Features, second: Features) -> Tensor:
        heads = zip(self._lpips.lins, first, second, strict=True)
        return sum(head((a - b) ** 2).mean([2, 3], keepdim=True) for head, a, b in heads)
