"""How far a decoded picture is from the truth: the loss of autoencoder and decoder, and their score."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.light.transfer import log_to_radiance, tonemap
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.sky import SkyRenderer, sample_parameters

from .colour import to_opponent, to_rgb
from .dataset import render_codes
from .settings import Settings

_BRIGHT = 0.0  # codes above this are the sun, its glow and glitter
_PERCEPTUAL_WEIGHT = 0.3


class ReconstructionLoss(nn.Module):
    """Absolute, squared, low-pass and gradient differences in opponent colours, and LPIPS as displayed.

    Without the low-pass term a small autoencoder spends its few latents on edges and loses the colour.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lpips = PerceptualDistance("alex")

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        d = y - x
        bright = (x[:, :1] > _BRIGHT).float()
        loss = 2 * d.abs().mean() + 6 * d.square().mean() + 3 * F.avg_pool2d(d, 8).abs().mean()
        loss = loss + (bright * d.abs()).sum() / (bright.sum() + 50)
        for _ in range(3):
            loss = loss + 0.6 * (
                (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
            )
            d = F.avg_pool2d(d, 2)
        with torch.autocast(x.device.type, torch.bfloat16):
            return loss + _PERCEPTUAL_WEIGHT * self.lpips(display(to_rgb(y)), display(to_rgb(x))).mean()


def display(code: Tensor) -> Tensor:
    """Log-radiance codes as they are shown: tonemapped sRGB in [0, 1]."""
    return tonemap(log_to_radiance(code))


def decibels(y: Tensor, x: Tensor) -> float:
    """Mean peak signal-to-noise ratio of opponent colours as displayed."""
    error = (display(to_rgb(y)) - display(to_rgb(x))).square().mean((1, 2, 3))
    return float((-10 * error.log10()).mean())


def held_out(settings: Settings, device: torch.device) -> Tensor:
    """Sixteen panoramas that no stage trains on, in opponent colours."""
    rng = random.Random(settings.seed - 1)
    skies = [sample_parameters(rng) for _ in range(16)]
    renderer = SkyRenderer(settings.seed - 1, device)
    return to_opponent(render_codes(renderer, skies, settings.height, settings.render_batch).to(device))
