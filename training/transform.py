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
from diffusers.models.autoencoders.vae import Encoder
from safetensors.torch import load_file, save_file
from torch import Tensor

# Components keep this power of their standard deviation. With 1 the faint ones would drown in the denoiser's loss, with
# 0 they would count as much as the colours; between, a picture is decided from coarse to fine, as natural images are.
_KEPT_POWER = 0.25
_SWAMP = 1000.0  # far above any signal, see `install`
_LOG_VARIANCE = -20.0


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

    @torch.no_grad()
    def install(self, encoder: Encoder) -> None:
        """Make diffusers' convolutional *encoder* compute this transform: exactly, but for rounding.

        Its residual branches are switched off, which leaves strided convolutions. Its last normalisation would take
        brightness away; a constant in two channels of each group swamps what it measures, so that it only scales.
        ``silu(x) - silu(-x) == x`` then undoes the last nonlinearity.
        """
        for parameter in encoder.parameters():
            parameter.zero_()
        _pass_on(encoder.conv_in.weight, 3)
        count = 3
        for block, weight, bias in zip(encoder.down_blocks[:-1], self.weights, self.biases, strict=True):
            _carry(block.resnets[0], count)
            taps = block.downsamplers[0].conv
            taps.weight[: len(weight), :count, :2, :2] = weight.view(len(weight), count, 2, 2)
            taps.bias[: len(bias)] = bias
            count = len(weight)
        signal = self._spread_over_groups(encoder)
        norm, out = encoder.conv_norm_out, encoder.conv_out
        norm.weight.fill_(_SWAMP * (2 / (norm.num_channels // norm.num_groups)) ** 0.5)
        for latent, (plus, minus) in enumerate(signal):
            out.weight[latent, plus, 1, 1], out.weight[latent, minus, 1, 1] = 1.0, -1.0
        out.bias[count:] = _LOG_VARIANCE

    def _spread_over_groups(self, encoder: Encoder) -> list[tuple[int, int]]:
        """In the last block: each latent as a pair of opposite signs, and in each group a constant of both signs."""
        norm = encoder.conv_norm_out
        size = norm.num_channels // norm.num_groups
        shortcut = encoder.down_blocks[-1].resnets[0].conv_shortcut
        free = [[group * size + i for i in range(2, size)] for group in range(norm.num_groups)]
        pairs = []
        for latent in range(len(self.weights[-1])):
            places = free[latent % norm.num_groups]
            plus, minus = places.pop(0), places.pop(0)
            shortcut.weight[plus, latent, 0, 0], shortcut.weight[minus, latent, 0, 0] = 1.0, -1.0
            pairs.append((plus, minus))
        shortcut.bias[0::size], shortcut.bias[1::size] = _SWAMP, -_SWAMP
        return pairs

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


def _pass_on(weight: Tensor, count: int) -> None:
    """Let a convolution copy its first *count* channels."""
    middle = weight.shape[-1] // 2
    for channel in range(count):
        weight[channel, channel, middle, middle] = 1.0


def _carry(resnet: torch.nn.Module, count: int) -> None:
    if resnet.conv_shortcut is not None:
        _pass_on(resnet.conv_shortcut.weight, count)
