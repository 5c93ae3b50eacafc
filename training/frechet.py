"""How far a set of pictures is from another as a whole: a Frechet distance, as FID but of VGG16's third block.

FID's Inception wants thousands of pictures and a download; 256 channels averaged over a picture are estimated from two
hundred, and LPIPS brings the network. Comparable within this project only (Heusel et al. 2017, equation 6).
"""

import torch
from torch import Tensor

from engine.perceptual.lpips_distance import PerceptualDistance

_BLOCK = 2


class FrechetDistance:
    """Distances to *reference*, pictures [n, 3, height, width] in [0, 1] as displayed."""

    def __init__(self, reference: Tensor) -> None:
        self._network = PerceptualDistance("vgg")
        self._mean, covariance = self._moments(reference)
        self._root = _square_root(covariance)

    def __call__(self, pictures: Tensor) -> float:
        """Squared distance of means plus the distance of covariances; 0 for the reference itself."""
        mean, covariance = self._moments(pictures)
        crossed = torch.linalg.eigvalsh(self._root @ covariance @ self._root).clamp(min=0).sqrt().sum()
        spread = covariance.trace() + (self._root @ self._root).trace() - 2 * crossed
        return float((mean - self._mean).square().sum() + spread)

    @torch.no_grad()
    def _moments(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        activations = [self._network.features(few)[_BLOCK].mean((2, 3)) for few in pictures.split(4)]
        rows = torch.cat(activations).double()
        return rows.mean(0), torch.cov(rows.T)


def _square_root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T
