"""Synchronization gradients that multiply in bfloat16 where its eight bits suffice.

A synchronization gradient is led by small differences between two pictures that are alike, and bfloat16 rounds them
away where they arise: in the forward pass. Once they are found nothing in the backward pass makes more of what rounding
does to them, so there it may multiply in half precision. In the forward pass it may where it multiplies a difference: a
convolution is linear, so ``W x = W a + W (x - a)``, and of the anchor *a* ``W a`` is known (delta networks, 1612.05571,
leave out what is small in ``x - a``). docs/benchmarks.md has the cosines.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .half_layers import LAST, Convolution, ConvolutionNear, Linear

_FEWEST_POSITIONS = 1024  # with fewer of them, making a layer's weights bfloat16 costs more time than it saves


def has_bfloat16_units(device: torch.device) -> bool:
    """Whether *device* is a CPU that multiplies in bfloat16; others have it from float32, which is slower than that."""
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


class HalfGradients(TorchFunctionMode):
    """While it is entered, convolutions and linear layers of frozen weights have a backward pass in bfloat16.

    A network that saw the anchor while it was entered, without a gradient, has a forward pass from there in bfloat16.
    Which picture that was changes only how well others are rounded.

    The backward pass may run later. It must not compute activations again (checkpointing): PyTorch does that outside of
    all such modes, and would find other tensors than were kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Tensor, tuple[Tensor, Tensor]] = {}  # by a layer's weights, what it was given and made of it
        self._size: torch.Size | None = None  # of the picture that is seen

    def __enter__(self) -> "HalfGradients":
        self._size = None
        return super().__enter__()

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if kwargs or function not in (torch.conv2d, F.linear) or not _is_frozen(*args[:2]):
            return function(*args, **(kwargs or {}))
        if function is F.linear:
            return Linear.apply(*args) if _pays(args[0][..., :1]) else function(*args)
        padded_by_name = any(isinstance(argument, str) for argument in args)
        return function(*args) if padded_by_name else self._convolution(*args)

    def _convolution(self, x: Tensor, weight: Tensor, bias: Tensor | None = None, *layout: Any) -> Tensor:
        """layout: stride, padding, dilation and groups, in numbers."""
        if not torch.is_grad_enabled():
            return self._known_convolution(x.contiguous(memory_format=LAST), weight, bias, *layout)
        if not _pays(x[:, :1]):
            return torch.conv2d(x, weight, bias, *layout)
        known = self._known.get(weight)
        if known is not None and known[0].shape[1:] == x.shape[1:]:
            return ConvolutionNear.apply(x, weight, *known, *layout)
        return Convolution.apply(x, weight, bias, *layout)

    def _known_convolution(self, x: Tensor, weight: Tensor, *others: Any) -> Tensor:
        y = torch.conv2d(x, weight, *others)
        # At the picture's own size neighbours are nearly even, and rounding would choose which of them is the largest.
        self._size = self._size or x.shape[2:]
        if x.shape[2:] != self._size:
            self._known[weight] = x, y.clone()  # a rectifier may write over what it is given
        return y


def _is_frozen(x: Tensor, weight: Tensor) -> bool:
    return x.dtype == torch.float32 and not weight.requires_grad


def _pays(positions: Tensor) -> bool:
    return torch.is_grad_enabled() and positions.requires_grad and positions.numel() >= _FEWEST_POSITIONS
