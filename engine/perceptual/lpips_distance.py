"""LPIPS (Zhang et al. 2018, arXiv 1801.03924), computed by the authors' own ``lpips`` package."""

from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
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
        return [_UnitVectors.apply(layer) for layer in activations]

    def between(self, first: Features, second: Features) -> Tensor:
        weights = (head.model[-1].weight for head in self._lpips.lins)
        layers = zip(first, second, weights, strict=True)
        return torch.stack([_WeightedSquares.apply(a, b, weight) for a, b, weight in layers]).sum(0)


# The two below compute what the package's normalize_tensor and its heads do, with gradients written down: autograd's
# would pass over these layers, which are large, twice as often.


class _UnitVectors(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, layer: Tensor) -> Tensor:
        inverse = 1 / (torch.linalg.vector_norm(layer, dim=1, keepdim=True) + _EPSILON)
        units = layer * inverse
        ctx.save_for_backward(units, inverse)
        return units

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        units, inverse = ctx.saved_tensors
        along = (gradient * units).sum(1, keepdim=True)
        return torch.addcmul(gradient, units, along, value=-1).mul_(inverse)


class _WeightedSquares(torch.autograd.Function):
    """The mean over a layer's positions of its weighted squared difference to another: ``[n]``."""

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
        apart = first - second
        weighted = apart * weight
        ctx.save_for_backward(weighted)
        ctx.shapes = first.shape, second.shape
        return apart.mul_(weighted).sum((1, 2, 3)) / apart[0, 0].numel()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (weighted,) = ctx.saved_tensors
        down = weighted * (gradient * (2 / weighted[0, 0].numel()))[:, None, None, None]
        first, second = ctx.shapes
        return down.sum_to_size(first), -down.sum_to_size(second) if ctx.needs_input_grad[1] else None, None


class _Backbone(nn.Module):
    """Pictures ``[n, 3, H, W]`` in [0, 1] to activations ``[n, c, h, w]``, one per layer."""

    def __init__(self, lpips: Any) -> None:
        super().__init__()
        self.checkpointing = False  # computes activations again for a gradient, in place of keeping them all
        self.scaling_layer, self.net = lpips.scaling_layer, lpips.net

    def forward(self, pictures: Tensor) -> Features:
        # In float32 a gradient takes an eighth longer with channels last, which is how decoders leave a picture.
        x, activations = self.scaling_layer(pictures.contiguous() * 2 - 1), []
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
