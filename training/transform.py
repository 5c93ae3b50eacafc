"""Stage 2: the encoder, computed in place of trained: a Karhunen-Loeve transform of square blocks.

Skies are smooth. The principal components of 16x16 blocks of log radiance keep more of them than an autoencoder of this
size learnt in hours, are known in seconds, and leave all training time to the decoder and the denoiser, which then need
not wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.vae import EncoderTiny
from safetensors.torch import load_file, save_file
from torch import Tensor

# Components keep this power of their standard deviation. With 1 the faint ones would drown in the denoiser's loss, with
# 0 they would count as much as the colours; between, a picture is decided from coarse to fine, as natural images are.
_KEPT_POWER = 0.25


@dataclass(frozen=True)
class BlockTransform:
    """Halvings in a row, each a linear map of 2x2 blocks: ``weights[i]`` [out, 4 * in], ``biases[i]`` [out].

    Orthonormal rows, except for the scale of the last one: the latents' mean square is 1.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    @classmethod
    def fit(cls, codes: Tensor, widths: Sequence[int], latent_channels: int) -> Self:
        """Principal components of *codes* [n, 3, height, width], at most *widths* of them after each halving."""
        weights, biases, x = [], [], codes
        for width in widths:
            x = F.pixel_unshuffle(x, 2)
            rows = x.permute(0, 2, 3, 1).flatten(0, 2).double()
            mean = rows.mean(0)
            values, vectors = torch.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
            basis = vectors.flip(1).T[:width]
            basis = basis * basis.sum(1, keepdim=True).sign()  # eigenvectors come with either sign
            weights.append(basis.float())
            biases.append(-(basis @ mean).float())
            x = _apply(x, weights[-1], biases[-1])
        spread = values.flip(0)[:latent_channels].sqrt()
        scale = (spread.pow(_KEPT_POWER) / spread.pow(2 * _KEPT_POWER).mean().sqrt() / spread).float()
        weights[-1] = weights[-1][:latent_channels] * scale[:, None]
        biases[-1] = biases[-1][:latent_channels] * scale
        return cls(tuple(weights), tuple(biases))

    def __call__(self, codes: Tensor) -> Tensor:
        """Codes [n, 3, height, width] to latents [n, channels, height / factor, width / factor]."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            codes = _apply(F.pixel_unshuffle(codes, 2), weight.to(codes.device), bias.to(codes.device))
        return codes

    def inverse(self, latents: Tensor) -> Tensor:
        """Latents [n, channels, rows, columns] to the likeliest codes [n, 3, factor * rows, factor * columns]."""
        for weight, bias in zip(reversed(self.weights), reversed(self.biases), strict=True):
            rows = latents - bias.to(latents).view(1, -1, 1, 1)
            latents = F.pixel_shuffle(torch.einsum("io,nohw->nihw", torch.linalg.pinv(weight).to(latents), rows), 2)
        return latents

    @torch.no_grad()
    def install(self, encoder: EncoderTiny, scale: float) -> None:
        """Make diffusers' *encoder* compute *scale* times this transform: exactly, but for rounding.

        Without residual blocks it is a row of convolutions, linear but for nothing, with one bias at either end.
        """
        for parameter in encoder.parameters():
            parameter.zero_()
        first, *halvings, last = encoder.layers
        count = 3
        for channel in range(count):
            first.weight[channel, channel, 1, 1] = 2.0  # it is given (x + 1) / 2
        first.bias[:count] = -1.0
        offset = torch.zeros(count)
        for convolution, weight, bias in zip(halvings, self.weights, self.biases, strict=True):
            taps = weight.view(len(weight), count, 2, 2)
            convolution.weight[: len(weight), :count, 1:, 1:] = taps  # its window starts one pixel before the block
            offset = taps.sum((2, 3)) @ offset + bias
            count = len(weight)
        for channel in range(count):
            last.weight[channel, channel, 1, 1] = scale
        last.bias.copy_(scale * offset)

    def save(self, file: Path) -> None:
        tensors = {f"weight.{i}": weight.contiguous() for i, weight in enumerate(self.weights)}
        tensors |= {f"bias.{i}": bias.contiguous() for i, bias in enumerate(self.biases)}
        save_file(tensors, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)

    @classmethod
    def load(cls, file: Path) -> Self:
        tensors = load_file(file)
        levels = range(len(tensors) // 2)
        return cls(tuple(tensors[f"weight.{i}"] for i in levels), tuple(tensors[f"bias.{i}"] for i in levels))


def _apply(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.einsum("oi,nihw->nohw", weight, x) + bias.view(1, -1, 1, 1)
