"""A decode in tiles of columns for panoramas whose whole decode would take too much memory: the same picture.

Tiles that are decoded one after the other differ in tone, because a group normalization sees no further than its tile.
Here each layer is computed for all tiles before the next one begins. Normalizations then have the statistics of the
whole, and convolutions their true neighbours, around the ring as well. Between layers two activations are kept, in the
CPU's memory; beside them the device holds one tile.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers.models.unets.unet_2d_blocks import UpDecoderBlock2D
from torch import Tensor, nn
from torch.nn import functional

_TILE_BYTES = 16 * 2**20  # of one activation of a tile

Pointwise = Callable[[Tensor], Tensor]


def can_tile(decoder: Any) -> bool:
    """Whether *decoder*, of an autoencoder of diffusers, has only parts that are known here."""
    blocks = getattr(decoder, "up_blocks", ())
    known = all(isinstance(block, UpDecoderBlock2D) for block in blocks)
    return bool(blocks) and known and isinstance(decoder.conv_norm_out, nn.GroupNorm)


@contextmanager
def tiled_decode(decoder: Any, wraps: bool) -> Iterator[None]:
    """Inside, *decoder* works in tiles, without gradients. wraps: as a ring; it must wrap outside of them as well."""
    whole = decoder.forward
    decoder.forward = lambda sample, *_: _Tiles(sample.device, wraps).decode(decoder, sample)
    try:
        yield
    finally:
        decoder.forward = whole


class _Tiles:
    """Layers on activations ``[1, c, h, w]`` that lie in the CPU's memory."""

    def __init__(self, device: torch.device, wraps: bool) -> None:
        self._device, self._wraps = device, wraps

    def decode(self, decoder: Any, sample: Tensor) -> Tensor:
        x = decoder.mid_block(decoder.conv_in(sample)).cpu()  # attention sees everything, of few pixels
        for block in decoder.up_blocks:
            for resnet in block.resnets:
                x = self._resnet(resnet, x)
            for upsampler in block.upsamplers or ():
                x = self._convolve(upsampler.conv, x, _identity, scale=2)
        last = self._normalized(decoder.conv_norm_out, decoder.conv_act, x)
        return self._convolve(decoder.conv_out, x, last).to(self._device)

    def _resnet(self, resnet: Any, x: Tensor) -> Tensor:
        inner = self._convolve(resnet.conv1, x, self._normalized(resnet.norm1, resnet.nonlinearity, x))
        if resnet.conv_shortcut is not None:
            x = self._convolve(resnet.conv_shortcut, x, _identity)
        return self._convolve(resnet.conv2, inner, self._normalized(resnet.norm2, resnet.nonlinearity, inner), add_to=x)

    def _normalized(self, norm: nn.GroupNorm, activation: nn.Module, x: Tensor) -> Pointwise:
        """Normalization with the statistics of all of *x*, and the *activation* that follows it."""
        total, squares = torch.zeros(2, norm.num_groups, dtype=torch.float64)
        for start, stop in self._spans(x):
            part = x[..., start:stop].double().reshape(norm.num_groups, -1)
            total += part.sum(1)
            squares += part.square().sum(1)
        mean = total * norm.num_groups / x.numel()
        deviation = (squares * norm.num_groups / x.numel() - mean.square() + norm.eps).sqrt()
        mean, deviation = (
            each.repeat_interleave(x.shape[1] // norm.num_groups).to(norm.weight) for each in (mean, deviation)
        )
        scale = norm.weight / deviation
        shift = norm.bias - mean * scale
        return lambda part: activation(torch.addcmul(shift[:, None, None], part, scale[:, None, None]))

    def _convolve(
        self, convolution: nn.Conv2d, x: Tensor, before: Pointwise, scale: int = 1, add_to: Tensor | None = None
    ) -> Tensor:
        """*convolution* of ``before(x)``, enlarged *scale* times; added to *add_to*, if that is given."""
        _, _, height, width = x.shape
        halo = convolution.kernel_size[1] // 2
        if add_to is None:
            shape = (1, convolution.out_channels, height * scale, width * scale)
            out = torch.empty(shape, dtype=x.dtype, memory_format=torch.channels_last).zero_()
        else:
            out = add_to
        for start, stop in self._spans(out):
            part = self._columns(x, start // scale, stop // scale, halo, before)
            if scale > 1:
                part = functional.interpolate(part, scale_factor=float(scale))[..., halo * (scale - 1) :]
                part = part[..., : stop - start + 2 * halo]
            part = functional.conv2d(part, convolution.weight, convolution.bias, padding=(halo, 0))
            out[..., start:stop] += part.cpu()
        return out

    def _columns(self, x: Tensor, start: int, stop: int, halo: int, before: Pointwise) -> Tensor:
        """``before`` of the columns *start* to *stop* and *halo* more on both sides; beyond a strip's ends: zeros."""
        width = x.shape[-1]
        columns = torch.arange(start - halo, stop + halo)
        if self._wraps:
            return before(x[..., columns % width].to(self._device))
        part = before(x[..., max(start - halo, 0) : stop + halo].to(self._device))
        return functional.pad(part, (max(halo - start, 0), max(stop + halo - width, 0)))

    def _spans(self, x: Tensor) -> Iterator[tuple[int, int]]:
        """Tiles of *x*: even columns from and to."""
        _, channels, height, width = x.shape
        columns = max(2, _TILE_BYTES // (4 * channels * height) // 2 * 2)
        return ((start, min(start + columns, width)) for start in range(0, width, columns))


def _identity(part: Tensor) -> Tensor:
    return part
