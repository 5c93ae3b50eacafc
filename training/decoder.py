"""Stage 4: the decoder once more, alone, on slightly wrong latents: it learns to forgive what a denoiser gets wrong."""

import math
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from .checkpoint import Trainee
from .colour import to_opponent
from .dataset import Panoramas
from .latents import Latents
from .reconstruction import ReconstructionLoss, decibels, held_out
from .settings import Settings

_LATENT_ERROR = 0.1  # standard deviations


class _Decoder(nn.Module):
    """The half of an autoencoder that this stage trains."""

    def __init__(self, autoencoder: AutoencoderKL) -> None:
        super().__init__()
        self.post_quant_conv, self.decoder = autoencoder.post_quant_conv, autoencoder.decoder

    def forward(self, z: Tensor) -> Tensor:
        return self.decoder(self.post_quant_conv(z))


def train_decoder(
    folder: Path,
    autoencoder: AutoencoderKL,
    latents: Latents,
    panoramas: Panoramas,
    settings: Settings,
    device: torch.device,
) -> AutoencoderKL:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    *autoencoder*: its latents are standardised as *latents* are. Returns it with the averaged decoder.
    """
    torch.manual_seed(settings.seed)
    module = _Decoder(autoencoder).to(device).requires_grad_(True)
    trainee = Trainee(module, folder, settings.decoder_rate, settings.decoder_minutes, average=0.997)
    if trainee.progress < 1:
        _run(trainee, autoencoder, latents, panoramas, settings, device)
    autoencoder.post_quant_conv, autoencoder.decoder = trainee.averaged.post_quant_conv, trainee.averaged.decoder
    return autoencoder


def _run(
    trainee: Trainee,
    autoencoder: AutoencoderKL,
    latents: Latents,
    panoramas: Panoramas,
    settings: Settings,
    device: torch.device,
) -> None:
    reconstruction, truth = ReconstructionLoss().to(device), held_out(settings, device)
    with torch.no_grad():
        truth_latents = torch.cat([autoencoder.encode(few).latent_dist.mode() for few in truth.split(4)])
    losses: list[float] = []
    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        x, z = _pairs(latents, panoramas, rng, settings)
        x, z = to_opponent(x.to(device)), z.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            y = trainee.module(z + _LATENT_ERROR * torch.randn_like(z))
        loss = reconstruction(y.float(), x)
        trainee.update(loss, 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * progress)))
        losses.append(loss.item())
        if trainee.step % settings.log_every == 0:
            trainee.record(loss=sum(losses) / len(losses))
            losses = []
        if trainee.minutes_since_saved > settings.save_minutes:
            trainee.save()
    with torch.no_grad():
        decoded = torch.cat([trainee.averaged(few) for few in truth_latents.split(4)])
    trainee.record(decibel=decibels(decoded, truth))
    trainee.save()


def _pairs(latents: Latents, panoramas: Panoramas, rng: random.Random, settings: Settings) -> tuple[Tensor, Tensor]:
    """Strips of full height, [batch, 3, height, height / 2], with their latents; mirrored half of the time."""
    pictures, codes = [], []
    columns, factor = latents.values.shape[-1], settings.factor
    for _ in range(settings.decoder_batch):
        index, first = rng.randrange(len(panoramas)), rng.randrange(columns)
        picture = panoramas[index].roll(int(latents.shift[index]) - first * factor, -1)[..., : columns // 4 * factor]
        code = latents.values[index].roll(-first, -1)[..., : columns // 4]
        mirrored = rng.random() < 0.5
        pictures.append(picture.flip(-1) if mirrored else picture)
        codes.append(code.flip(-1) if mirrored else code)
    return torch.stack(pictures), torch.stack(codes)
