"""How many windows go into one call: as many as fit, and half as many when memory runs out."""

import logging
from collections.abc import Callable

import torch
from torch import Tensor

log = logging.getLogger(__name__)


class Chunks:
    """Windows per call, for as long as a run lasts: what proved too many once is not tried again."""

    def __init__(self, size: int) -> None:
        self.size = size

    def each(self, function: Callable[..., Tensor], *rows: Tensor) -> Tensor:
        """*function* of consecutive parts of *rows*, tensors ``[n, ...]``, joined again.

        Raises :class:`torch.OutOfMemoryError` if there is not enough memory for one window.
        """
        results: list[Tensor] = []
        done, count = 0, len(rows[0])
        while done < count:
            result = self._attempt(function, [tensor[done : done + self.size] for tensor in rows])
            if result is None:
                self._halve(count - done)
                continue
            results.append(result)
            done += len(result)
        return torch.cat(results)

    def _attempt(self, function: Callable[..., Tensor], part: list[Tensor]) -> Tensor | None:
        """None if the memory ran out. By returning, because a handler would keep the failed call's tensors alive."""
        try:
            return function(*part)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if len(part[0]) == 1:
                raise torch.OutOfMemoryError(str(error)) from error
            return None

    def _halve(self, left: int) -> None:
        self.size = min(self.size, left) // 2
        log.warning("memory ran out: going on with %d windows in one call", self.size)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether memory ran out, which CUDA says by a class of its own, MPS and the CPU's allocator only in words."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text
