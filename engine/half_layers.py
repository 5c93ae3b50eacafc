"""Layers of frozen weights that multiply in bfloat16 in their backward pass, or in both."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx

_HALF = torch.bfloat16
LAST = torch.channels_last  # the layout of bfloat16's fast convolutions


class Convolution(torch.autograd.Function):
    """``torch.conv2d`` with its padding in numbers and a backward pass in bfloat16."""

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
        return torch.conv2d(x.contiguous(memory_format=LAST), weight, bias, stride, padding, dilation, groups)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return _convolution_backward(ctx, gradient), *[None] * 6


class ConvolutionNear(torch.autograd.Function):
    """:class:`Convolution` of *x* by that of *near*, which is *there*, and of what is different, in bfloat16."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        near: Tensor,
        there: Tensor,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        dilation: Sequence[int] = (1, 1),
        groups: int = 1,
    ) -> Tensor:
        half = weight.to(_HALF, memory_format=LAST)
        ctx.save_for_backward(half)
        ctx.shape, ctx.layout = x.shape, (stride, padding, dilation, groups)
        apart = (x - near).to(_HALF, memory_format=LAST)
        return there + torch.conv2d(apart, half, None, stride, padding, dilation, groups)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return _convolution_backward(ctx, gradient), *[None] * 7


def _convolution_backward(ctx: Any, gradient: Tensor) -> Tensor:
    (weight,) = ctx.saved_tensors
    stride, padding, dilation, groups = ctx.layout
    like = torch.empty(ctx.shape, dtype=_HALF, memory_format=LAST)  # only its shape is read
    down, _, _ = torch.ops.aten.convolution_backward(
        gradient.to(_HALF, memory_format=LAST),
        like,
        weight.to(_HALF, memory_format=LAST),
        None,
        stride,
        padding,
        dilation,
        False,
        (0, 0),
        groups,
        (True, False, False),
    )
    return down.float()


class Linear(torch.autograd.Function):
    """``torch.nn.functional.linear`` with a backward pass in bfloat16."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        ctx.save_for_backward(weight)
        return F.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        return (gradient.to(_HALF) @ weight.to(_HALF)).float(), None, None
