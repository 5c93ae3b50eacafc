"""Measures of a panorama's quality, used by tests, benchmarks and the README's figures."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import nan

import torch
from torch import Tensor
from torch.nn import functional

from .perceptual.clip_distance import PromptDistance
from .perceptual.distance import Distance
from .sphere.cube import FACES, to_cube
from .sphere.gnomonic import View, render
from .sphere.resampling import reader

_PLACES = 37  # with which the wrap is compared; a prime, so that they lie anywhere in the blocks of a decoder


def seam_ratio(picture: Tensor) -> float:
    """How visible the wrap is: the horizontal Scharr gradient across it over the interior columns' mean.

    picture: ``[3, H, W]`` as a viewer sees it. 1 means that the wrap is like any other place. The columns next to the
    wrap are compared with all columns whose gradient does not touch it.
    """
    columns = _gradient(functional.pad(picture[None], (1, 1, 0, 0), mode="circular")).mean(0)
    return (columns[[0, -1]].mean() / columns[1:-1].mean()).item()


def seam_ratio_in_view(picture: Tensor, elevation: float) -> float:
    """How visible the wrap is to a camera: the horizontal Scharr gradient across it in the middle of a flat view of 90
    degrees, over the mean of that in the middle of such views to other places.

    picture: ``[3, H, 2 H]`` as a viewer sees it. elevation: of the views; of those to the zenith (90) or the nadir
    (-90) the half counts in which the wrap, or the other place, is. Other than in :func:`seam_ratio`, columns beside
    each other are not compared: a flat view shows its middle larger than its edges.
    """
    width = picture.shape[2]
    places = [round(turn * width / _PLACES) for turn in range(_PLACES)]
    wrap, *others = gradients_in_view(picture, elevation, places)
    return (wrap / torch.stack(others).mean()).item()


def gradients_in_view(picture: Tensor, elevation: float, places: Iterable[int]) -> Tensor:
    """The horizontal Scharr gradient ``[n]`` in the middle of flat views, turned so that the middle is before each of
    *places*, columns of *picture*; see :func:`seam_ratio_in_view`."""
    height, size = picture.shape[1], picture.shape[1] // 2
    middle = range(size // 2 - 2, size // 2 + 2)
    halves: dict[float, slice] = {90: slice(size // 2, None), -90: slice(size // 2)}
    half = halves.get(elevation, slice(None))
    gradients = []
    for place in places:
        view = View(270 + 180 * place / height, elevation, 90.0, size)
        gradients.append(_gradient(render(reader(picture), height, view, columns=middle)[None])[half].mean())
    return torch.stack(gradients)


def edge_ratio(picture: Tensor) -> float:
    """How visible a cube map's edges are: steps across them over the steps beside them.

    picture: ``[3, H, 2 H]`` as a viewer sees it.
    """
    height = picture.shape[1]
    cube = dict(zip(FACES, to_cube(reader(picture), height, height // 2), strict=True))
    front, right, back, left = (cube[name] for name in ("pz", "px", "nz", "nx"))
    above, below, upright = cube["py"], cube["ny"], front.transpose(1, 2)
    pairs = [(front, right), (right, back), (back, left), (left, front)]
    pairs += [(above.transpose(1, 2), upright), (upright, below.transpose(1, 2))]
    strips = torch.cat([torch.cat([one[..., -2:], other[..., :2]], 2) for one, other in pairs], 1)
    steps = strips.diff(dim=2).abs().mean((0, 1))
    return (2 * steps[1] / (steps[0] + steps[2])).item()


def _gradient(pictures: Tensor) -> Tensor:
    """The horizontal Scharr gradient of a picture ``[1, 3, h, w]``, all channels' mean: ``[h - 2, w - 2]``."""
    kernel = pictures.new_tensor([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]).expand(3, 1, 3, 3) / 32
    return functional.conv2d(pictures, kernel, groups=3)[0].abs().mean(0)


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
