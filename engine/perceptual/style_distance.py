"""Style distance (Gatys et al. 2015, arXiv 1508.06576): Gram matrices of VGG16 activations."""

from typing import Literal

import torch
from torch import Tensor, nn

from .distance import Distance, Features


class StyleDistance(Distance):
    """Squared difference of Gram matrices: which features occur together, wherever in the picture that is.

    Each Gram matrix is divided by its layer's ``c * h * w`` (Johnson et al. 2016, arXiv 1603.08155, eq. 3), the squares
    are averaged over the matrix, and the layers are summed, or averaged.
    """

    def __init__(self, network: nn.Module, over_layers: Literal["sum", "mean"] = "sum") -> None:
        """network: VGG16's five layers, as in :class:`~engine.perceptual.lpips_distance.PerceptualDistance`."""
        super().__init__(network)
        self._over_layers = over_layers

    def describe(self, activations: Features) -> Features:
        """Gram matrices, one ``[n, c, c]`` per layer."""
        flat = [layer.flatten(2) for layer in activations]
        return [layer @ layer.transpose(1, 2) / layer[0].numel() for layer in flat]

    def between(self, first: Features, second: Features) -> Tensor:
        layers = torch.stack([(a - b).square().mean((1, 2)) for a, b in zip(first, second, strict=True)])
        return layers.sum(0) if self._over_layers == "sum" else layers.mean(0)
