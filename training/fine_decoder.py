"""Stage 5: the fine decoder, which paints the pictures that are kept, on panoramas of twice the size.

It begins as the encoder's linear inverse and learns what to add: block edges away, texture where there is some. Its
latents are wrong by more or less, as those of a denoiser are.
"""

import random
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.fine_decoder import SCALE, FineDecoder

from .adversary import Adversary, Critic
from .checkpoint import Trainee
from .colour import to_opponent
from .dataset import Panoramas
from .painting import train_to_paint
from .reconstruction import decibels
from .settings import Settings
from .transform import BlockTransform

_MOST_ERROR = 0.5  # of each channel's standard deviation
_ALONE = 0.55  # share of the time before the adversary joins
_EDGE_WEIGHT = 0.5  # where blocks meet; of all steps between pixels they are few, and an eye sees them first
_HELD_OUT = 12  # of the panoramas, for the score


def train_fine_decoder(
    folder: Path, transform: BlockTransform, panoramas: Panoramas, settings: Settings, device: torch.device
) -> FineDecoder:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    panoramas: SCALE times as high as those that *transform* was fitted to. Returns the moving average, which paints
    opponent colours.
    """
    torch.manual_seed(settings.seed)
    decoder = new_fine_decoder(transform, settings).to(device, memory_format=torch.channels_last)
    trainee = Trainee(decoder, folder, settings.fine_rate, settings.fine_minutes, average=0.998)
    if trainee.progress < 1:

        def pairs(rng: random.Random) -> tuple[Tensor, Tensor]:
            x = to_opponent(_strips(panoramas, rng, settings).to(device))
            z = transform(F.avg_pool2d(x, SCALE))
            error = torch.tensor([rng.uniform(0, _MOST_ERROR) for _ in x], device=device).view(-1, 1, 1, 1)
            z = z + error * z.std((0, 2, 3), keepdim=True) * torch.randn_like(z)
            return z.contiguous(memory_format=torch.channels_last), x

        def quality(averaged: nn.Module) -> float:
            return _quality(averaged, transform, panoramas, device)

        def edges(difference: Tensor) -> Tensor:
            return _EDGE_WEIGHT * _edge_difference(difference, SCALE * settings.factor)

        adversary, last = Adversary(Critic(), folder / "adversary", settings.fine_minutes, device), decoder.enlarge[-1]
        train_to_paint(trainee, adversary, last, pairs, quality, _ALONE, settings, device, edges)
    return trainee.averaged


@torch.no_grad()
def new_fine_decoder(transform: BlockTransform, settings: Settings) -> FineDecoder:
    """One that computes the linear inverse of *transform*, each block enlarged for itself."""
    decoder = FineDecoder(settings.latent_channels, settings.fine_widths, settings.fine_blocks)
    for parameter in decoder.enlarge[-1].parameters():
        parameter.zero_()
    none, one = torch.zeros(1, settings.latent_channels, 1, 1), torch.eye(settings.latent_channels)
    plain = transform.inverse(none)
    blocks = transform.inverse(one[..., None, None]) - plain
    decoder.base.weight.copy_(F.interpolate(blocks, scale_factor=SCALE, mode="bicubic", align_corners=False))
    decoder.base.bias.copy_(plain.mean((0, 2, 3)))
    return decoder


def _edge_difference(difference: Tensor, side: int) -> Tensor:
    """Mean absolute step of *difference* ``[k, 3, h, w]`` across the edges of blocks of *side* pixels."""
    across = difference[..., side::side] - difference[..., side - 1 : -1 : side]
    down = difference[..., side::side, :] - difference[..., side - 1 : -1 : side, :]
    return across.abs().mean() + down.abs().mean()


def _strips(panoramas: Panoramas, rng: random.Random, settings: Settings) -> Tensor:
    """Of full height, because top and bottom are special: ``[batch, 3, height, width]``, mirrored now and then."""
    strips = []
    for _ in range(settings.fine_batch):
        picture = panoramas[rng.randrange(min(_HELD_OUT, len(panoramas) - 1), len(panoramas))]
        first = rng.randrange(picture.shape[-1])
        strip = picture.roll(-first, -1)[..., : settings.fine_columns * SCALE * settings.factor]
        strips.append(strip.flip(-1) if rng.random() < 0.5 else strip)
    return torch.stack(strips)


@torch.no_grad()
def _quality(decoder: nn.Module, transform: BlockTransform, panoramas: Panoramas, device: torch.device) -> float:
    """Decibels at the size of the autoencoder's pictures, so that they compare with the decoder's."""
    scores = []
    for index in range(min(_HELD_OUT, len(panoramas))):
        truth = F.avg_pool2d(to_opponent(panoramas[index][None].to(device)), SCALE)
        scores.append(decibels(F.avg_pool2d(decoder(transform(truth)), SCALE), truth))
    return sum(scores) / len(scores)
