"""Measures of a panorama's quality, used by tests, benchmarks and the README's figures."""

import torch
from torch import Tensor
from torch.nn import functional


def seam_ratio(picture: Tensor) -> float:
    """How visible the wrap is: the horizontal Scharr gradient across it over the interior columns' mean.

    picture: ``[3, H, W]`` as a viewer sees it. 1 means that the wrap is like any other place. The columns next to the
    wrap are compared with all columns whose gradient does not touch it.
    """
    kernel = picture.new_tensor([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]).expand(3, 1, 3, 3) / 32
    wrapped = functional.pad(picture[None], (1, 1, 0, 0), mode="circular")
    columns = functional.conv2d(wrapped, kernel, groups=3)[0].abs().mean((0, 1))
    return (columns[[0, -1]].mean() / columns[1:-1].mean()).item()


def intra_distance(picture: Tensor, distance: torch.nn.Module) -> float:
    """Mean *distance* over all pairs of non-overlapping square crops (Intra-LPIPS, 2306.05178, section 5.1).

    picture: ``[3, H, W]`` in [0, 1], W a multiple of H; distance: two batches of pictures to ``[n]``.
    """
    height = picture.shape[1]
    crops = torch.stack(picture.split(height, dim=2))
    first, second = torch.triu_indices(len(crops), len(crops), offset=1)
    return distance(crops[first], crops[second]).mean().item()
