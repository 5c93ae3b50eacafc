"""Stage 3: every panorama through the encoder once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .colour import to_opponent
from .dataset import Panoramas
from .settings import Settings


@dataclass(frozen=True)
class Latents:
    """``values``: [n, channels, rows, columns]. ``mirrored``: the same of the mirrored panoramas, which is not the same
    as mirrored latents. ``shift``: [n], pixels by which each panorama was turned to the right before all that.
    """

    values: Tensor
    mirrored: Tensor
    shift: Tensor


def encode_all(
    folder: Path,
    transform: Callable[[Tensor], Tensor],
    panoramas: Panoramas,
    settings: Settings,
    device: torch.device,
) -> Latents:
    """Encode into *folder* by *transform*, which is given opponent colours, or load from there.

    Panoramas are turned by a random part of a latent first.
    """
    file = folder / "latents.safetensors"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        generator = torch.Generator().manual_seed(settings.seed)
        shift = torch.randint(0, settings.factor, (len(panoramas),), generator=generator)
        values, mirrored = [], []
        for index, pixels in enumerate(shift):
            codes = to_opponent(panoramas[index].roll(int(pixels), -1)[None].to(device))
            values.append(transform(codes).cpu())
            mirrored.append(transform(codes.flip(-1)).cpu())
        tensors = {"values": torch.cat(values), "mirrored": torch.cat(mirrored), "shift": shift}
        save_file(tensors, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)
        print(f"latents: {len(values)} panoramas encoded", flush=True)
    return Latents(**load_file(file))
