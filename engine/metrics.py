"""Measures of a panorama's quality, used by tests, benchmarks and the README's figures."""

from collections.abc import Sequence
from itertools import combinations
from math import nan

import torch
from torch import Tensor
from torch.nn import functional

from .perceptual.clip_distance import PromptDistance
from .perceptual.distance import Distance


def seam_ratio(picture: Tensor) -> float:
    """How visible the wrap is: the horizontal Scharr gradient across it over the interior columns' mean.

    picture: ``[3, H, W]`` as a viewer sees it. 1 means that the wrap is like any other place. The columns next to the
    wrap are compared with all columns whose gradient does not touch it.
    """
    kernel = picture.new_tensor([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]).expand(3, 1, 3, 3) / 32
    wrapped = functional.pad(picture[None], (1, 1, 0, 0), mode="circular")
    columns = functional.conv2d(wrapped, kernel, groups=3)[0].abs().mean((0, 1))
    return (columns[[0, -1]].mean() / columns[1:-1].mean()).item()


def pole_ratio(picture: Tensor) -> tuple[float, float]:
    """How far the zenith and the nadir are from being one point: the spread of colour along the first and the last row
    over the mean of all rows' spreads.

    picture: ``[3, H, W]`` as a viewer sees it. 0 means one point; 1 means a row that is as varied as any other.
    """
    spread = picture.std(dim=2).mean(0)
    return (spread[0] / spread.mean()).item(), (spread[-1] / spread.mean()).item()


def square_crops(picture: Tensor) -> Tensor:
    """The non-overlapping squares ``[n, 3, H, H]`` of *picture* ``[3, H, W]`` from the left; the rest is cut."""
    height = picture.shape[1]
    return torch.stack([crop for crop in picture.split(height, dim=2) if crop.shape[2] == height])


@torch.no_grad()
def intra_distances(picture: Tensor, distances: Sequence[Distance]) -> list[float]:
    """The mean over all pairs of square crops of each of *distances*, which share their network (2306.05178, section
    5.1: Intra-LPIPS, Intra-Style-L). NaN if there is no pair.

    picture: ``[3, H, W]`` in [0, 1].
    """
    seen = [distances[0].network(crop[None]) for crop in square_crops(picture)]
    means = []
    for distance in distances:
        features = [distance.describe(activations) for activations in seen]
        pairs = [distance.between(a, b).item() for a, b in combinations(features, 2)]
        means.append(sum(pairs) / len(pairs) if pairs else nan)
    return means


@torch.no_grad()
def clip_score(picture: Tensor, distance: PromptDistance) -> float:
    """100 times the mean cosine between CLIP's vectors of the square crops and of the prompt (2306.05178, section 5.1).

    picture: ``[3, H, W]`` in [0, 1].
    """
    return 100 * (1 - distance.between(distance.features(square_crops(picture)), []).mean().item())
