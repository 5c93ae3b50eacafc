"""Stage 3: every panorama through the encoder once, standardised per channel."""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor

from .colour import to_opponent
from .dataset import Panoramas
from .settings import Settings

_WRAP = 2  # latents of the far side around each edge, so that the encoder sees no edge


@dataclass(frozen=True)
class Latents:
    """``values``: [n, channels, rows, columns], zero mean and unit variance per channel. ``shift``: [n], pixels by
    which each panorama was turned to the right before it was encoded. ``mean``, ``std``: [channels], before that.
    """

    values: Tensor
    shift: Tensor
    mean: Tensor
    std: Tensor


@torch.no_grad()
def encode_all(
    folder: Path, autoencoder: AutoencoderKL, panoramas: Panoramas, settings: Settings, device: torch.device
) -> Latents:
    """Encode into *folder*, or load from there. Panoramas are turned by a random part of a latent first."""
    file = folder / "latents.safetensors"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        generator = torch.Generator().manual_seed(settings.seed)
        shift = torch.randint(0, settings.factor, (len(panoramas),), generator=generator)
        encoded = [
            _encode(autoencoder, to_opponent(panoramas[i].roll(int(s), -1)[None].to(device)), settings)
            for i, s in enumerate(shift)
        ]
        values = torch.cat(encoded).cpu()
        mean, std = values.mean((0, 2, 3)), values.std((0, 2, 3))
        values = (values - mean.view(1, -1, 1, 1)) / std.view(1, -1, 1, 1)
        save_file({"values": values.contiguous(), "shift": shift, "mean": mean, "std": std}, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)
        print(f"latents: {len(values)} panoramas encoded", flush=True)
    return Latents(**load_file(file))


def _encode(autoencoder: AutoencoderKL, codes: Tensor, settings: Settings) -> Tensor:
    edge = _WRAP * settings.factor
    wrapped = torch.cat([codes[..., -edge:], codes, codes[..., :edge]], -1)
    with torch.autocast(codes.device.type, torch.bfloat16):
        return autoencoder.encode(wrapped).latent_dist.mode().float()[..., _WRAP:-_WRAP]


def standardised(autoencoder: AutoencoderKL, latents: Latents) -> AutoencoderKL:
    """A copy whose latents have zero mean and unit variance, by folding both into the 1x1 convolutions beside them."""
    folded = copy.deepcopy(autoencoder)
    device, channels = folded.device, len(latents.mean)
    mean, std = latents.mean.to(device), latents.std.to(device)
    with torch.no_grad():
        into, out = folded.quant_conv, folded.post_quant_conv
        out.bias += out.weight[:, :, 0, 0] @ mean
        out.weight *= std.view(1, -1, 1, 1)
        into.bias[:channels] = (into.bias[:channels] - mean) / std
        into.weight[:channels] /= std.view(-1, 1, 1, 1)
        into.bias[channels:] -= 2 * std.log()  # the other half is the logarithm of a variance
    folded.register_to_config(scaling_factor=1.0)
    return folded
