"""Stage 2: the autoencoder, on strips of panoramas."""

import math
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from .checkpoint import Trainee
from .colour import to_opponent
from .dataset import Panoramas
from .reconstruction import ReconstructionLoss, decibels, held_out
from .settings import Settings

_KL_WEIGHT = 2e-5
_LOG_VARIANCE = -4.0  # at the start: quiet enough that the decoder hears the encoder from the first step on


def new_autoencoder(settings: Settings) -> AutoencoderKL:
    levels = len(settings.autoencoder_channels)
    autoencoder = AutoencoderKL(
        block_out_channels=settings.autoencoder_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        latent_channels=settings.latent_channels,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=settings.height,
        mid_block_add_attention=False,
        force_upcast=False,
        scaling_factor=1.0,
    )
    torch.nn.init.constant_(autoencoder.quant_conv.bias[settings.latent_channels :], _LOG_VARIANCE)
    return autoencoder


def train_autoencoder(folder: Path, panoramas: Panoramas, settings: Settings, device: torch.device) -> AutoencoderKL:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    Returns the moving average of the weights. Not in channels_last: on a CPU group normalisation is twenty times slower
    backwards in that layout, and the convolutions gain nothing.
    """
    torch.manual_seed(settings.seed)
    module = new_autoencoder(settings).to(device)
    trainee = Trainee(module, folder, settings.autoencoder_rate, settings.autoencoder_minutes, average=0.994)
    if trainee.progress < 1:
        _run(trainee, panoramas, settings, device)
    return trainee.averaged


def _run(trainee: Trainee, panoramas: Panoramas, settings: Settings, device: torch.device) -> None:
    reconstruction, truth = ReconstructionLoss().to(device), held_out(settings, device)
    losses: list[float] = []
    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        x = to_opponent(_strips(panoramas, rng, settings).to(device))
        with torch.autocast(device.type, torch.bfloat16):
            z, kl = _posterior(trainee.module, x)
            y = trainee.module.decoder(trainee.module.post_quant_conv(z))
        loss = reconstruction(y.float(), x) + _KL_WEIGHT * kl
        trainee.update(loss, 0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * progress)))
        losses.append(loss.item())
        if trainee.step % settings.log_every == 0:
            trainee.record(loss=sum(losses) / len(losses))
            losses = []
        if trainee.minutes_since_saved > settings.save_minutes:
            trainee.record(decibel=_quality(trainee.averaged, truth))
            trainee.save()
    trainee.record(decibel=_quality(trainee.averaged, truth))
    trainee.save()


def _strips(panoramas: Panoramas, rng: random.Random, settings: Settings) -> Tensor:
    """Random half-square strips of full height, mirrored half of the time, [batch, 3, height, height / 2].

    Full height, because group normalisation has to see in training what it will see in a whole picture.
    """
    strips = []
    for _ in range(settings.autoencoder_batch):
        panorama = panoramas[rng.randrange(len(panoramas))].roll(rng.randrange(2 * settings.height), -1)
        strip = panorama[..., : settings.height // 2]
        strips.append(strip.flip(-1) if rng.random() < 0.5 else strip)
    return torch.stack(strips)


def _posterior(module: AutoencoderKL, x: Tensor) -> tuple[Tensor, Tensor]:
    """A latent drawn from the encoder's Gaussian, and its KL divergence from the unit one per latent value."""
    mean, log_variance = module.quant_conv(module.encoder(x)).float().chunk(2, 1)
    log_variance = log_variance.clamp(-20, 4)
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    return mean + torch.randn_like(mean) * (0.5 * log_variance).exp(), kl


@torch.no_grad()
def _quality(module: AutoencoderKL, x: Tensor) -> float:
    return decibels(torch.cat([module.decode(module.encode(few).latent_dist.mode()).sample for few in x.split(4)]), x)
