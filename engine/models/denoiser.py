"""From what a network predicts to clean windows: guidance, batching, and the maths of each prediction type."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..precision import Precision
from ..sampling.chunks import Chunks
from ..sampling.solver import Level
from .circular import circular_width

Inputs = dict[str, Tensor]  # by name, each [n or 1, ...]: one row a window, or one for all
Rows = Tensor | Callable[[Tensor], Tensor]  # such an input, or what makes those of the windows [k]
NetworkCall = Callable[[Tensor, Tensor, Inputs], Tensor]  # a network's output for x, a timestep and inputs


@dataclass(frozen=True)
class Conditioning:
    """What a network is given beside x and t, with and without the prompt. guidance: up to 1 leaves out *negative*."""

    positive: Mapping[str, Rows]
    negative: Mapping[str, Rows]
    guidance: float

    def beside(self, inputs: Mapping[str, Rows]) -> "Conditioning":
        """This, and *inputs* that are the same with and without the prompt."""
        return replace(self, positive={**self.positive, **inputs}, negative={**self.negative, **inputs})

    def once_each(self, name: str, make: Callable[[Tensor], Tensor]) -> "Conditioning":
        """This, with the input *name* replaced by what *make* makes of its rows ``[1, ...]``, once for each window."""
        given, made = self.positive[name], dict[int, Tensor]()

        def rows(which: Tensor) -> Tensor:
            windows = which.tolist()
            for window in windows:
                if window not in made:
                    made[window] = make(_pick(given, which.new_tensor([window])))
            return torch.cat([made[window] for window in windows])

        return self.beside({name: rows})

    def rows(self, which: Tensor) -> tuple[Inputs, Inputs]:
        """The inputs of the windows *which* ``[k]``, positive and negative."""
        positive, negative = (
            {name: _pick(rows, which) for name, rows in inputs.items()} for inputs in (self.positive, self.negative)
        )
        return positive, negative


def _pick(rows: Rows, which: Tensor) -> Tensor:
    if not isinstance(rows, Tensor):
        return rows(which)
    return rows.expand(len(which), *rows.shape[1:]) if len(rows) == 1 else rows[which]


class GuidedDenoiser:
    """:class:`~engine.sampling.samplers.Denoiser` of a network with classifier-free guidance (2207.12598).

    call: ``(x, timestep, inputs)`` to the network's output. prediction: what that output is, a key of
    :data:`TO_CLEAN`. wraps: each window is a whole ring, on which convolutions go round. chunks: windows per call, all
    at once if not given. precision: float32 if not given.
    """

    def __init__(
        self,
        network: nn.Module,
        call: NetworkCall,
        prediction: str,
        conditioning: Conditioning,
        wraps: bool,
        chunks: Chunks | None = None,
        precision: Precision | None = None,
    ) -> None:
        self._network = network
        self._call = call
        self._to_clean = TO_CLEAN[prediction]
        self._conditioning = conditioning
        self._wraps = wraps
        self._chunks = chunks
        self._precision = precision or Precision()

    def __call__(self, windows: Tensor, level: Level, which: Tensor) -> Tensor:
        chunks = self._chunks or Chunks(len(windows))
        with circular_width(self._network) if self._wraps else nullcontext():
            return chunks.each(lambda part, indices: self._denoise(part, level, indices), windows, which)

    def _denoise(self, x: Tensor, level: Level, which: Tensor) -> Tensor:
        positive, negative = self._conditioning.rows(which)
        guidance = self._conditioning.guidance
        if guidance <= 1:
            output = self._run(x, level, positive)
        else:
            both = {name: torch.cat([negative[name], positive[name]]) for name in positive}
            without, with_prompt = self._run(torch.cat([x, x]), level, both).chunk(2)
            output = without + guidance * (with_prompt - without)
        return self._to_clean(x, output, level)

    def _run(self, x: Tensor, level: Level, inputs: Inputs) -> Tensor:
        return self._precision.run(lambda: self._call(x, level.timestep, inputs), x.device, level.sigma)


TO_CLEAN: dict[str, Callable[[Tensor, Tensor, Level], Tensor]] = {
    "epsilon": lambda x, output, level: (x - level.sigma * output) / level.alpha,
    "v_prediction": lambda x, output, level: level.alpha * x - level.sigma * output,  # 2202.00512, section 4
    "sample": lambda x, output, level: output,
    "flow": lambda x, output, level: x - level.sigma * output,  # rectified flow, 2209.03003: noise minus clean
}
