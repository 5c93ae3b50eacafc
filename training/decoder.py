"""Stage 4: the decoder, on slightly wrong latents, so that it forgives what a denoiser gets wrong."""

import math
import random
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from torch import Tensor

from .adversary import Adversary
from .autoencoder import HEADROOM, new_autoencoder
from .checkpoint import Trainee
from .colour import to_opponent, to_rgb
from .dataset import Panoramas
from .latents import Latents
from .reconstruction import ReconstructionLoss, decibels, display, held_out
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
        _run(
            trainee, Adversary(folder / "adversary", settings, device), transform, latents, panoramas, settings, device
        )
    autoencoder.decoder = trainee.averaged
    return autoencoder


def _run(
    trainee: Trainee,
    adversary: Adversary,
    transform: BlockTransform,
    latents: Latents,
    panoramas: Panoramas,
    settings: Settings,
    device: torch.device,
) -> None:
    reconstruction, truth = ReconstructionLoss().to(device), held_out(settings, device)
    error = _LATENT_ERROR * latents.values.std((0, 2, 3)).view(1, -1, 1, 1).to(device)
    losses: list[float] = []

    def save() -> None:
        trainee.record(decibel=_quality(trainee.averaged, transform(truth), truth))
        trainee.save()
        adversary.save()

    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        x, z = _pairs(latents, panoramas, rng, settings)
        x, z = to_opponent(x.to(device)), z.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            y = trainee.module((z + error * torch.randn_like(z)) / HEADROOM)
        loss = reconstruction(y.float(), x)
        losses.append(loss.item())
        if progress > _ALONE:
            decoded, rendered = display(to_rgb(y.float())), display(to_rgb(x))
            loss = loss + adversary.term(decoded, loss, trainee.module.layers[-1].weight)
            trainee.update(loss, _rate(progress))
            adversary.learn(decoded, rendered)
        else:
            trainee.update(loss, _rate(progress))
        if trainee.step % settings.log_every == 0:
            trainee.record(loss=sum(losses) / len(losses))
            losses = []
        if trainee.minutes_since_saved > settings.save_minutes:
            save()
    save()


def _rate(progress: float) -> float:
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))


def _pairs(latents: Latents, panoramas: Panoramas, rng: random.Random, settings: Settings) -> tuple[Tensor, Tensor]:
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
def _quality(decoder: torch.nn.Module, latents: Tensor, truth: Tensor) -> float:
    return decibels(torch.cat([decoder(few / HEADROOM) for few in latents.split(4)]), truth)
