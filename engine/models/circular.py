"""Convolutions on a ring: the picture's left edge is its right edge's neighbour."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn import functional


class _RingPadding:
    """Pads a convolution's input around the ring in width and with zeros in height."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        assert not isinstance(convolution.padding, str)  # diffusers' decoders give numbers
        self.height, self.width = convolution.padding
        self.handle = convolution.register_forward_pre_hook(self)

    def __call__(self, convolution: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        around = functional.pad(inputs[0], (self.width, self.width, 0, 0), mode="circular")
        return functional.pad(around, (0, 0, self.height, self.height))


@contextmanager
def circular_width(module: nn.Module) -> Iterator[None]:
    """Inside, every padded convolution of *module* wraps in width, exactly and without extra columns."""
    convolutions = [part for part in module.modules() if isinstance(part, nn.Conv2d) and part.padding != (0, 0)]
    paddings = [_RingPadding(convolution) for convolution in convolutions]
    for convolution in convolutions:
        convolution.padding = (0, 0)
    try:
        yield
    finally:
        for convolution, padding in zip(convolutions, paddings, strict=True):
            padding.handle.remove()
            convolution.padding = (padding.height, padding.width)
