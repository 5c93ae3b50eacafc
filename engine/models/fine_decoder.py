"""A decoder of our own beside a model's autoencoder: finer, and twice as large.

An autoencoder's decoder has to be small, because synchronization differentiates through it for every window in every
synchronized step. The picture that is kept is decoded once.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from ..errors import BadModel

SCALE = 2  # times the size of the autoencoder's pictures


class FineDecoder(nn.Module):
    """Latents ``[k, C, h, w]`` to picture values ``[k, 3, SCALE f h, SCALE f w]``, f being the autoencoder's factor.

    What a linear map paints in the block of each latent, and what a pyramid of convolutions adds. Each level is twice
    as large as the one before and ends in a pixel shuffle (Shi et al. 2016, arXiv 1609.05158), which, unlike repeated
    pixels, can tell the places in a block apart. The last level sees the blocks, so that it can smooth their edges. No
    normalization: what is painted in one place depends on its neighbourhood alone.

    widths: channels of the levels, from the latents' size to the autoencoder's pictures'. blocks: of two convolutions.
    """

    def __init__(self, latent_channels: int, widths: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        side = SCALE * 2 ** (len(widths) - 1)
        self.base = nn.ConvTranspose2d(latent_channels, 3, side, stride=side)
        self.first = nn.Conv2d(latent_channels, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(
            nn.Sequential(*(_Block(width) for _ in range(count))) for width, count in zip(widths, blocks, strict=True)
        )
        self.enlarge = nn.ModuleList(
            nn.Conv2d(width, 4 * larger, 3, padding=1) for width, larger in itertools.pairwise((*widths, 3))
        )
        self.see = nn.Conv2d(3 * SCALE**2, widths[-1], 3, padding=1)

    def forward(self, latents: Tensor) -> Tensor:
        base, x = self.base(latents), self.first(latents)
        *levels, last = zip(self.levels, self.enlarge, strict=True)
        for level, enlarge in levels:
            x = functional.pixel_shuffle(enlarge(level(x)), 2)
        level, enlarge = last
        x = x + self.see(functional.pixel_unshuffle(base, SCALE))
        return base + functional.pixel_shuffle(enlarge(level(x)), SCALE)

    def save(self, file: Path) -> None:
        """Write the weights in half floats; their shapes tell the rest."""
        state = {name: value.detach().half().cpu().contiguous() for name, value in self.state_dict().items()}
        save_file(state, file)

    @classmethod
    def load(cls, file: Path) -> "FineDecoder":
        """Raises :class:`BadModel` if *file* is missing, damaged or something else."""
        try:
            state = load_file(file)
            widths = [state[f"enlarge.{level}.weight"].shape[1] for level in range(_count(state, "enlarge"))]
            if not widths:
                raise KeyError("enlarge")
            blocks = [_count(state, f"levels.{level}") for level in range(len(widths))]
            decoder: Any = cls(state["first.weight"].shape[1], widths, blocks)
            decoder.load_state_dict(state)
        except (SafetensorError, OSError, KeyError, RuntimeError) as error:
            raise BadModel(
                f"The fine decoder {file} is missing or damaged ({error}).", "Get the model again."
            ) from error
        return decoder.eval().requires_grad_(False).to(memory_format=torch.channels_last)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.outer = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(functional.silu(self.inner(functional.silu(x))))


def _count(state: dict[str, Tensor], prefix: str) -> int:
    """How many numbered parts there are under *prefix*."""
    return len({name.removeprefix(f"{prefix}.").split(".")[0] for name in state if name.startswith(f"{prefix}.")})
