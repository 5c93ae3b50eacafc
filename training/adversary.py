"""A critic that tells decoded strips from rendered ones, so that the decoder paints texture where it is unsure.

Isola et al. 2017 (patches), Lim and Ye 2017 (hinge loss), Esser et al. 2021 (weight from the last layer's gradients).
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .checkpoint import Trainee

_normed = nn.utils.parametrizations.spectral_norm
_WIDTHS = (24, 48, 96)
_MOST_WEIGHT = 1.0
_REACH, _GAIN = 6, 6  # pixels to each side of what is fine, and by how much that is made stronger


class Critic(nn.Module):
    """Scores of overlapping patches, [batch, 1, height / 8, width / 8], of pictures [batch, 3, height, width]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        count = 3
        for width in _WIDTHS:
            layers += [_normed(nn.Conv2d(count, width, 4, 2, 1)), nn.LeakyReLU(0.2)]
            count = width
        self.layers = nn.Sequential(*layers, _normed(nn.Conv2d(count, 1, 3, 1, 1)))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures * 2 - 1)


class FineCritic(nn.Module):
    """Scores ``[batch, n]`` of overlapping patches at two sizes, of what is finer than some 12 pixels alone: colours
    and tones of a few pieces tell which are rendered, and teach nothing about detail."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.ModuleList([_patches(), _patches()])

    def forward(self, pictures: Tensor) -> Tensor:
        around = F.pad(pictures, (_REACH,) * 4, mode="reflect")
        fine = ((pictures - F.avg_pool2d(around, 2 * _REACH + 1, stride=1)) * _GAIN).clamp(-2, 2)
        small = self.patches[1](F.avg_pool2d(fine, 2)).flatten(1)
        return torch.cat([self.patches[0](fine).flatten(1), small, small], 1)


def _patches() -> nn.Sequential:
    layers: list[nn.Module] = []
    count = 3
    for width, size, stride in ((32, 3, 1), (48, 4, 2), (64, 4, 2), (96, 3, 1)):
        layers += [_normed(nn.Conv2d(count, width, size, stride, 1)), nn.LeakyReLU(0.2)]
        count = width
    return nn.Sequential(*layers, _normed(nn.Conv2d(count, 1, 3, 1, 1)))


class Adversary:
    """The *critic* in its own training, beside what it criticises, for as many *minutes*; its checkpoint lies in
    *folder*. strength: of the reconstruction loss; as strong as that, a decoder draws a weave over every meadow."""

    def __init__(
        self,
        critic: nn.Module,
        folder: Path,
        minutes: float,
        device: torch.device,
        strength: float = 0.2,
        rate: float = 3e-4,
    ) -> None:
        self._trainee = Trainee(critic.to(device), folder, rate, minutes, average=0.0)
        self._strength = strength
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
        return fooled * (self._strength * theirs / (ours + 1e-6)).clamp(max=_MOST_WEIGHT).detach()
