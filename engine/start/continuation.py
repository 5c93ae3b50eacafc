"""How a picture that is known in part goes on: smoothly, or as far as skies are alike."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from ..sphere.enlarging import resized
from ..sphere.equirectangular import directions

_ALIKE = 60.0  # degrees at which a sky's departure from what was expected has fallen to 1 / e
_OWN = 0.1  # of its variance that is a place's own, and tells nothing of others
_ROWS = 16  # of panoramas: what is told to others is coarse
_SEEN = 0.1  # of a pixel, from which on it tells something


def fill(picture: Tensor, there: Tensor) -> Tensor:
    """*picture* ``[3, H, 2 H]`` continued smoothly where *there* ``[1, H, 2 H]`` is 0 (pull and push, Gortler et al.
    1996, "The Lumigraph", section 3.4): so an encoder sees no edge that is not in the picture."""
    if there.min() > 0:
        return picture
    if min(picture.shape[1:]) < 2:
        return ((picture * there).sum((1, 2), keepdim=True) / there.sum()).expand_as(picture)
    half = (there.shape[1] // 2, there.shape[2] // 2)
    weight = adaptive_avg_pool2d(there, half)
    coarse = adaptive_avg_pool2d(picture * there, half) / weight.clamp(min=1e-9)
    behind = fill(coarse, (weight > 0).float())
    wrapped = torch.cat([behind[..., -1:], behind, behind[..., :1]], -1)[None]
    margin = picture.shape[2] // behind.shape[2]
    size = (picture.shape[1], picture.shape[2] + 2 * margin)
    grown = interpolate(wrapped, size=size, mode="bilinear", align_corners=False)[0, ..., margin:-margin]
    return torch.lerp(grown, picture, there)


def foretold(departure: Tensor, there: Tensor) -> Tensor:
    """What is to be expected everywhere ``[C, H, 2 H]`` of a *departure* that is known where *there* ``[1, H, 2 H]`` is
    1: much the same nearby, nothing far away.

    Simple kriging (Matheron 1963, "Principles of geostatistics") with a covariance that falls exponentially with the
    angle; what is known in part counts as less certain.
    """
    rows = min(_ROWS, departure.shape[1])
    weight = adaptive_avg_pool2d(there, (rows, 2 * rows))
    mean = adaptive_avg_pool2d(departure * there, (rows, 2 * rows)) / weight.clamp(min=1e-9)
    known = weight.flatten() > _SEEN
    towards = directions(rows, departure.device).flatten(1)
    angles = torch.rad2deg(torch.acos((towards.T @ towards).clamp(-1, 1)))
    alike = torch.exp(-angles / _ALIKE).to(departure)
    uncertain = torch.diag(_OWN + 1 / weight.flatten()[known] - 1)
    told = torch.linalg.solve(alike[known][:, known] + uncertain, mean.flatten(1)[:, known].T)
    return resized((alike[:, known] @ told).T.reshape_as(mean), departure.shape[2])
