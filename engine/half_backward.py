"""Gradients whose forward pass is float32 and whose backward pass multiplies in bfloat16.

A synchronization gradient is led by small differences between two pictures that are alike, and bfloat16's eight bits
round them away where they arise: in the forward pass. Once they are found nothing in the backward pass makes more of
what rounding does to them, so there it may multiply in half precision (docs/benchmarks.md has the cosines).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.overrides import TorchFunctionMode

_HALF = torch.bfloat16
_LAST = torch.channels_last  # the layout of bfloat16's fast convolutions
_FEWEST_POSITIONS = 1024  # with fewer of them, making a layer's weights bfloat16 costs more time than it saves


def has_bfloat16_units(device: torch.device) -> bool:
    """Whether *device* is a CPU that multiplies in bfloat16; others have it from float32, which is slower than that."""
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


class HalfBackward(TorchFunctionMode):
    """While it is entered, convolutions and linear layers of frozen weights have a backward pass in bfloat16.

    The backward pass may run later. It must not compute activations again (checkpointing): PyTorch does that outside of
    all such modes, and would find other tensors than were kept.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if function is torch.conv2d and not kwargs and _pays(args, positions=lambda x: x[:, :1].numel()):
            return _Convolution.apply(*args)
        if function is F.linear and not kwargs and _pays(args, positions=lambda x: x[..., :1].numel()):
            return _Linear.apply(*args)
        return function(*args, **kwargs)


def _pays(args: Sequence[Any], positions: Callable[[Tensor], int]) -> bool:
    x, weight = args[0], args[1]
    if "same" in args or "valid" in args:  # padding by name
        return False
    if not (torch.is_grad_enabled() and x.requires_grad) or weight.requires_grad or x.dtype != torch.float32:
        return False
    return positions(x) >= _FEWEST_POSITIONS


class _Convolution(torch.autograd.Function):
    """``torch.conv2d`` with its padding in numbers."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        dilation: Sequence[int] = (1, 1),
        groups: int = 1,
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.shape, ctx.layout = x.shape, (stride, padding, dilation, groups)
        # What follows has that layout, too: its backward pass would be slow where two of them meet.
        return torch.conv2d(x.contiguous(memory_format=_LAST), weight, bias, stride, padding, dilation, groups)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        stride, padding, dilation, groups = ctx.layout
        like = torch.empty(ctx.shape, dtype=_HALF, memory_format=_LAST)  # only its shape is read
        down, _, _ = torch.ops.aten.convolution_backward(
            gradient.to(_HALF, memory_format=_LAST),
            like,
            weight.to(_HALF, memory_format=_LAST),
            None,
            stride,
            padding,
            dilation,
            False,
            (0, 0),
            groups,
            (True, False, False),
        )
        return down.float(), None, None, None, None, None, None


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        ctx.save_for_backward(weight)
        return F.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        return (gradient.to(_HALF) @ weight.to(_HALF)).float(), None, None
