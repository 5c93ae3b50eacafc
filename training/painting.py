"""What the training of both decoders has in common: reconstruct, and from some time on fool an adversary as well."""

import math
import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .adversary import Adversary
from .checkpoint import Trainee
from .colour import to_rgb
from .reconstruction import ReconstructionLoss, display
from .settings import Settings


def train_to_paint(
    trainee: Trainee,
    adversary: Adversary,
    last_layer: nn.Conv2d,
    pairs: Callable[[random.Random], tuple[Tensor, Tensor]],
    quality: Callable[[nn.Module], float],
    alone: float,
    settings: Settings,
    device: torch.device,
    more_loss: Callable[[Tensor], Tensor] | None = None,
) -> None:
    """Train until the stage's minutes are used.

    last_layer: the trainee's. pairs: what goes in, and the opponent colours ``[batch, 3, height, width]`` that should
    come out. quality: decibels of the moving average. alone: share of the time before the adversary joins. more_loss:
    of the difference between what came out and what should.
    """
    reconstruction = ReconstructionLoss().to(device)

    def save() -> None:
        trainee.record(decibel=quality(trainee.averaged))
        trainee.save()
        adversary.save()

    while (progress := trainee.progress) < 1:
        z, x = pairs(random.Random(settings.seed * 1_000_003 + trainee.step))
        with torch.autocast(device.type, torch.bfloat16):
            y = trainee.module(z).float()
        loss = reconstruction(y, x)
        if more_loss:
            loss = loss + more_loss(y - x)
        rate = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))
        if progress > alone:
            decoded, rendered = display(to_rgb(y)), display(to_rgb(x))
            trainee.update(loss + adversary.term(decoded, loss, last_layer.weight), rate)
            adversary.learn(decoded, rendered)
        else:
            trainee.update(loss, rate)
        trainee.tell(settings.log_every, loss=loss.item())
        if trainee.minutes_since_saved > settings.save_minutes:
            save()
    save()
