"""Convolutions on a ring: the picture's left edge is its right edge's neighbour."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from diffusers.models.downsampling import Downsample2D
from torch import Tensor, nn


class _RingPadding:
    """Pads a convolution's input around the ring in width; its height stays the convolution's own affair."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        assert not isinstance(convolution.padding, str)  # diffusers' networks give numbers
        self.width = convolution.padding[1]
        self.handle = convolution.register_forward_pre_hook(self)

    def __call__(self, convolution: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        x = inputs[0]
        return torch.cat([x[..., -self.width :], x, x[..., : self.width]], dim=-1)


def _wrap_last_column(_convolution: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """An encoder of diffusers adds a column of zeros at the right before it halves: there the first one belongs."""
    x = inputs[0]
    return torch.cat([x[..., :-1], x[..., :1]], dim=-1)


@contextmanager
def circular_width(module: nn.Module) -> Iterator[None]:
    """Inside, every padded convolution of *module* wraps in width, exactly and without extra columns.

    So does every halving of an encoder, if the width is a multiple of all of them together.
    """
    halvings = [part.conv for part in module.modules() if isinstance(part, Downsample2D) and part.padding == 0]
    handles = [convolution.register_forward_pre_hook(_wrap_last_column) for convolution in halvings]
    convolutions = [part for part in module.modules() if isinstance(part, nn.Conv2d) and part.padding[1] != 0]
    kept = [(convolution, convolution.padding, _RingPadding(convolution)) for convolution in convolutions]
    for convolution in convolutions:
        convolution.padding = (int(convolution.padding[0]), 0)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for convolution, padding, ring in kept:
            ring.handle.remove()
            convolution.padding = padding
