"""From what a network predicts to clean windows: guidance, batching, and the maths of each prediction type."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..sampling.solver import Level
from .circular import circular_width

# Latent pixels per network call, before guidance doubles them. A CPU gains nothing from more; a GPU does.
_BATCH_AREA = {"cpu": 8192}
_BATCH_AREA_ACCELERATOR = 65536

Inputs = dict[str, Tensor]  # by name, each [n or 1, ...]: one row a window, or one for all


@dataclass(frozen=True)
class Conditioning:
    """What a network is given beside x and t, with and without the prompt. guidance: up to 1 leaves out *negative*."""

    positive: Inputs
    negative: Inputs
    guidance: float

    def rows(self, which: Tensor) -> tuple[Inputs, Inputs]:
        """The inputs of the windows *which* ``[k]``, positive and negative."""

        def pick(inputs: Inputs) -> Inputs:
            return {
                name: rows.expand(len(which), *rows.shape[1:]) if len(rows) == 1 else rows[which]
                for name, rows in inputs.items()
            }

        return pick(self.positive), pick(self.negative)


class GuidedDenoiser:
    """:class:`~engine.sampling.samplers.Denoiser` of a network with classifier-free guidance (2207.12598).

    call: ``(x, timestep, inputs)`` to the network's output. prediction: what that output is, a key of
    :data:`TO_CLEAN`. wraps: each window is a whole ring, on which convolutions go round.
    """

    def __init__(
        self,
        network: nn.Module,
        call: Callable[[Tensor, Tensor, Inputs], Tensor],
        prediction: str,
        conditioning: Conditioning,
        wraps: bool,
    ) -> None:
        self._network = network
        self._call = call
        self._to_clean = TO_CLEAN[prediction]
        self._conditioning = conditioning
        self._wraps = wraps

    def __call__(self, windows: Tensor, level: Level, which: Tensor) -> Tensor:
        area = windows.shape[-1] * windows.shape[-2]
        batch = max(1, _BATCH_AREA.get(windows.device.type, _BATCH_AREA_ACCELERATOR) // area)
        parts = zip(windows.split(batch), which.split(batch), strict=True)
        with circular_width(self._network) if self._wraps else nullcontext():
            return torch.cat([self._denoise(part, level, indices) for part, indices in parts])

    def _denoise(self, x: Tensor, level: Level, which: Tensor) -> Tensor:
        positive, negative = self._conditioning.rows(which)
        guidance = self._conditioning.guidance
        if guidance <= 1:
            output = self._call(x, level.timestep, positive)
        else:
            both = {name: torch.cat([negative[name], positive[name]]) for name in positive}
            without, with_prompt = self._call(torch.cat([x, x]), level.timestep, both).chunk(2)
            output = without + guidance * (with_prompt - without)
        return self._to_clean(x, output, level)


TO_CLEAN: dict[str, Callable[[Tensor, Tensor, Level], Tensor]] = {
    "epsilon": lambda x, output, level: (x - level.sigma * output) / level.alpha,
    "v_prediction": lambda x, output, level: level.alpha * x - level.sigma * output,  # 2202.00512, section 4
    "sample": lambda x, output, level: output,
    "flow": lambda x, output, level: x - level.sigma * output,  # rectified flow, 2209.03003: noise minus clean
}
