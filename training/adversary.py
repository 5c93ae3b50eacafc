"""A critic that tells decoded strips from rendered ones, so that the decoder paints texture where it is unsure.

Isola et al. 2017 (patches), Lim and Ye 2017 (hinge loss), Esser et al. 2021 (weight from the last layer's gradients).
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .checkpoint import Trainee
from .settings import Settings

_WIDTHS = (24, 48, 96)
_RATE = 3e-4
_STRENGTH = 0.2  # of the reconstruction loss; as strong as that it draws a weave over every meadow
_MOST_WEIGHT = 1.0


class Critic(nn.Module):
    """Scores of overlapping patches, [batch, 1, height / 8, width / 8], of pictures [batch, 3, height, width]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        count = 3
        for width in _WIDTHS:
            layers += [nn.utils.parametrizations.spectral_norm(nn.Conv2d(count, width, 4, 2, 1)), nn.LeakyReLU(0.2)]
            count = width
        self.layers = nn.Sequential(*layers, nn.utils.parametrizations.spectral_norm(nn.Conv2d(count, 1, 3, 1, 1)))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures * 2 - 1)


class Adversary:
    """The critic in its own training, beside the decoder's; its checkpoint lies in *folder*."""

    def __init__(self, folder: Path, settings: Settings, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self._trainee = Trainee(Critic().to(device), folder, _RATE, settings.decoder_minutes, average=0.0)
        self.save = self._trainee.save

    def learn(self, decoded: Tensor, rendered: Tensor) -> None:
        """One step of telling *decoded* from *rendered*, both as displayed, [batch, 3, height, width]."""
        critic = self._trainee.module
        with torch.autocast(decoded.device.type, torch.bfloat16):
            loss = F.relu(1 - critic(rendered)).mean() + F.relu(1 + critic(decoded.detach())).mean()
        self._trainee.update(loss.float(), 1.0)

    def term(self, decoded: Tensor, reconstruction: Tensor, last_layer: Tensor) -> Tensor:
        """The decoder's loss for being told apart: at its *last_layer* a share of its *reconstruction* loss."""
        critic = self._trainee.module.requires_grad_(False)
        with torch.autocast(decoded.device.type, torch.bfloat16):
            fooled = -critic(decoded).float().mean()
        critic.requires_grad_(True)
        ours = torch.autograd.grad(fooled, last_layer, retain_graph=True)[0].norm()
        theirs = torch.autograd.grad(reconstruction, last_layer, retain_graph=True)[0].norm()
        return fooled * (_STRENGTH * theirs / (ours + 1e-6)).clamp(max=_MOST_WEIGHT).detach()
