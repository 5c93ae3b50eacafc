"""LPIPS (Zhang et al. 2018, arXiv 1801.03924), computed by the authors' own ``lpips`` package."""

from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..stub_modules import stub_modules
from .distance import Distance, Features
from .weights import load_weights

_EPSILON = 1e-10  # the package's


class PerceptualDistance(Distance):
    """LPIPS. Its network is an ImageNet backbone that gives five layers of activations."""

    def __init__(self, network: str = "vgg") -> None:
        """network: ``"vgg"`` (the paper's) or ``"alex"``. Raises :class:`EngineIncomplete` if set-up was not run."""
        state = load_weights(network)
        lpips = _lpips_package().LPIPS(net=network, pnet_rand=True, verbose=False)
        lpips.net.load_state_dict({name[4:]: value for name, value in state.items() if name.startswith("net.")})
        for index, head in enumerate(lpips.lins):
            head.load_state_dict({"model.1.weight": state[f"lin{index}.model.1.weight"]})
        super().__init__(_Backbone(lpips))
        self._lpips = lpips
        self.eval().requires_grad_(False)

    def describe(self, activations: Features) -> Features:
        """Activations ``[n, c, h, w]`` as unit vectors."""
        # As the package's normalize_tensor, with a gradient that passes over them less often: they are large.
        lengths = (torch.linalg.vector_norm(layer, dim=1, keepdim=True) for layer in activations)
        return [layer * (1 / (length + _EPSILON)) for layer, length in zip(activations, lengths, strict=True)]

    def between(self, first: Features, second: Features) -> Tensor:
        layers = [head((a - b) ** 2) for head, a, b in zip(self._lpips.lins, first, second, strict=True)]
        return torch.stack([layer.mean((1, 2, 3)) for layer in layers]).sum(0)


class _Backbone(nn.Module):
    """Pictures ``[n, 3, H, W]`` in [0, 1] to activations ``[n, c, h, w]``, one per layer."""

    def __init__(self, lpips: Any) -> None:
        super().__init__()
        self.checkpointing = False  # computes activations again for a gradient, in place of keeping them all
        self.scaling_layer, self.net = lpips.scaling_layer, lpips.net.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Features:
        x, activations = self.scaling_layer(pictures * 2 - 1), []
        for number in range(1, self.net.N_slices + 1):
            part = getattr(self.net, f"slice{number}")
            x = checkpoint(part, x, use_reentrant=False) if self.checkpointing and x.requires_grad else part(x)
            activations.append(x)
        return activations


@cache
def _lpips_package() -> ModuleType:
    models = ModuleType("torchvision.models")
    models.vgg16 = _vgg16  # type: ignore[attr-defined]
    models.alexnet = _alexnet  # type: ignore[attr-defined]
    torchvision = ModuleType("torchvision")
    torchvision.models = models  # type: ignore[attr-defined]
    with stub_modules(torchvision, models):
        import lpips
    return lpips


def _vgg16(pretrained: bool = False) -> SimpleNamespace:
    """VGG16's convolutions (1409.1556), weights to be loaded."""
    layers: list[nn.Module] = []
    channels = 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        if width:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        else:
            layers.append(nn.MaxPool2d(2, 2))
    return SimpleNamespace(features=nn.Sequential(*layers))


def _alexnet(pretrained: bool = False) -> SimpleNamespace:
    """AlexNet's convolutions in their one-column form (1404.5997), weights to be loaded."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)]
    layers += [nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)]
    for before, after in ((192, 384), (384, 256), (256, 256)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
    return SimpleNamespace(features=nn.Sequential(*layers, nn.MaxPool2d(3, 2)))
