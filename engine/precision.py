"""Half precision where it is safe: chosen by the device, watched while it works, given up where it fails.

Weights, latents, solvers, losses and the last decode are always float32; only networks compute in half precision, by
PyTorch's autocast, and, on CPUs that multiply in bfloat16, synchronization gradients in part. float16 rounds eight
times finer than bfloat16, which a synchronization gradient needs: where it is used, its cosine to the exact one is over
0.99 on sky-small, bfloat16's is not (docs/benchmarks.md). What float16 lacks is range, and values that left it are
seen.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from .half_gradients import HalfGradients, has_bfloat16_units
from .job import Precision as Choice

log = logging.getLogger(__name__)

# Noise level (sigma) above which the synchronization gradient is computed in float32. There clean predictions are small
# differences of large numbers, and guidance multiplies what rounding does to them.
_FULL_GRADIENT_ABOVE = 0.6


def resolve(choice: Choice, device: torch.device) -> Choice:
    """``auto`` is half precision on an accelerator; on a CPU it saves a third at best and is left to the user."""
    if choice == "auto":
        return "full" if device.type == "cpu" else "half"
    return choice


def half_type(device: torch.device, suited: torch.dtype) -> torch.dtype:
    """The 16-bit type on *device* for a network that *suited* suits; a CPU is fast in bfloat16 only."""
    return torch.bfloat16 if device.type == "cpu" else suited


class Precision:
    """How networks compute in one run. gave_up: values that are not numbers came up, and float32 was used from then."""

    def __init__(self, half: torch.dtype | None = None) -> None:
        """half: the 16-bit type, or None for float32 throughout."""
        self._half, self._half_gradients = half, HalfGradients()
        self.gave_up = False

    def run(self, call: Callable[[], Tensor], device: torch.device, sigma: float) -> Tensor:
        """``call()`` in float32's type, computed in half precision if that is safe at the noise level *sigma*.

        If that gives values that are not numbers, it is called again in float32, as is all that follows.
        """
        if self._half is None or (torch.is_grad_enabled() and not self._safe_gradient(sigma)):
            return call()
        with torch.autocast(device.type, self._half):
            result = call().float()
        if torch.isfinite(result).all():
            return result
        self.give_up()
        return call()

    def give_up(self) -> bool:
        """Go on in float32, as half precision gave values that are not numbers. Whether it had been in use."""
        if self._half is None:
            return False
        log.warning("half precision gave values that are not numbers: going on in float32")
        self._half, self.gave_up = None, True
        return True

    def gradient(self, device: torch.device) -> AbstractContextManager:
        """What a synchronization gradient is to be computed in: that which the anchor was seen in, too."""
        pays = self._half is torch.bfloat16 and has_bfloat16_units(device)
        return self._half_gradients if pays else nullcontext()

    def _safe_gradient(self, sigma: float) -> bool:
        return self._half is torch.float16 and sigma <= _FULL_GRADIENT_ABOVE
