"""Stage 4: the decoder, on slightly wrong latents, so that it forgives what a denoiser gets wrong."""

import random
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from .adversary import Adversary, Critic
from .autoencoder import HEADROOM, new_autoencoder
from .checkpoint import Trainee
from .colour import to_opponent
from .dataset import Panoramas
from .latents import Latents
from .painting import train_to_paint
from .reconstruction import decibels, held_out
from .settings import Settings
from .transform import BlockTransform

_LATENT_ERROR = 0.2  # of each channel's standard deviation
_ALONE = 0.6  # share of the time before the adversary joins


def train_decoder(
    folder: Path,
    transform: BlockTransform,
    latents: Latents,
    panoramas: Panoramas,
    settings: Settings,
    device: torch.device,
) -> AutoencoderTiny:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    Returns the whole autoencoder, of opponent colours, with the moving average of the decoder's weights.
    """
    torch.manual_seed(settings.seed)
    autoencoder = new_autoencoder(transform, settings).to(device, memory_format=torch.channels_last)
    trainee = Trainee(autoencoder.decoder, folder, settings.decoder_rate, settings.decoder_minutes, average=0.997)
    if trainee.progress < 1:
        adversary, truth = (
            Adversary(Critic(), folder / "adversary", settings.decoder_minutes, device),
            held_out(settings, device),
        )
        error = _LATENT_ERROR * latents.values.std((0, 2, 3)).view(1, -1, 1, 1).to(device)

        def pairs(rng: random.Random) -> tuple[Tensor, Tensor]:
            x, z = (some.to(device) for some in _strips(latents, panoramas, rng, settings))
            return (z + error * torch.randn_like(z)) / HEADROOM, to_opponent(x)

        def quality(decoder: nn.Module) -> float:
            return _quality(decoder, transform(truth), truth)

        last = autoencoder.decoder.layers[-1]
        train_to_paint(trainee, adversary, last, pairs, quality, _ALONE, settings, device)
    autoencoder.decoder = trainee.averaged
    return autoencoder


def _strips(latents: Latents, panoramas: Panoramas, rng: random.Random, settings: Settings) -> tuple[Tensor, Tensor]:
    """Strips of full height, because top and bottom are special: [batch, 3, height, height / 2], with their latents."""
    pictures, codes = [], []
    columns, factor = latents.values.shape[-1], settings.factor
    for _ in range(settings.decoder_batch):
        index, first = rng.randrange(len(panoramas)), rng.randrange(columns)
        picture = panoramas[index].roll(int(latents.shift[index]) - first * factor, -1)
        pictures.append(picture[..., : columns // 4 * factor])
        codes.append(latents.values[index].roll(-first, -1)[..., : columns // 4])
    return torch.stack(pictures), torch.stack(codes)


@torch.no_grad()
def _quality(decoder: nn.Module, latents: Tensor, truth: Tensor) -> float:
    return decibels(torch.cat([decoder(few / HEADROOM) for few in latents.split(4)]), truth)
