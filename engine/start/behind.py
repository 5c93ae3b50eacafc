"""What may lie behind a part of a sky that shall be gone: what the sky has at the same heights elsewhere."""

import math

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ..light.transfer import log_to_radiance, radiance_to_log
from ..sphere.enlarging import resized
from ..sphere.equirectangular import box_filter, directions, max_filter, solid_angles
from .continuation import fill

_ROWS = 64  # of the small panorama on which turns are compared
_AROUND = 8.0  # degrees around the erased part in which a turned sky should look like the sky that is there
_CLOUD = 6.0  # degrees: what departs from the mean of a place this far to each side is a cloud's or a sun's
_CALM, _WHOLE = 3.0, 0.25  # what clouds count, and what cannot be covered does, beside the departure around
_SPREAD_ROWS = 32  # of panoramas on which values are spread over the sphere


def behind(radiance: Tensor, there: Tensor) -> Tensor:
    """*radiance* ``[3, H, 2 H]`` with a likely sky where *there* ``[1, H, 2 H]`` is 0, not 1.

    Skies change with height and much less with azimuth, so the sky is turned about the vertical until it looks much
    the same around the erased part and is calm inside (as Hays and Efros 2007, "Scene completion using millions of
    photographs", choose one of many pictures; here horizon, waves and perspective fit by themselves). What departs at
    the edge is spread over the inside of the sky and of the ground (the membrane of Farbman et al. 2009, "Coordinates
    for instant image cloning").
    """
    code = radiance_to_log(radiance)
    turn = round(_best_turn(code, there) * radiance.shape[2])
    turned, covers = code.roll(turn, 2), there.roll(turn, 2)
    departs, known = code - turned, there * covers
    sky = (directions(radiance.shape[1], radiance.device)[2] > 0).to(known)
    departure = torch.lerp(_spread(departs, known * (1 - sky)), _spread(departs, known * sky), sky)
    filled = _spread(torch.where(there > 0, code, turned + departure), torch.maximum(there, covers))
    return torch.where(there > 0, radiance, log_to_radiance(filled))


def _best_turn(code: Tensor, there: Tensor) -> float:
    """Share of a whole turn by which the panorama *code* best covers what is not *there*."""
    rows = min(_ROWS, code.shape[1])
    small = adaptive_avg_pool2d(code, (rows, 2 * rows))
    erased = (adaptive_avg_pool2d(there, (rows, 2 * rows)) < 1).float()
    area = solid_angles(rows, code.device)
    inside, around = erased * area, (max_filter(erased, round(_AROUND / 180 * rows)) - erased) * area
    reach = max(1, round(_CLOUD / 180 * rows))
    clouds = (small - torch.stack([box_filter(each, reach) for each in small])).abs().mean(0, keepdim=True)
    clouds[:, rows // 2 - reach :] = 0  # the horizon and what is below are no clouds

    def cost(turn: int) -> float:
        covers = 1 - erased.roll(turn, 2)
        departs = (small.roll(turn, 2) - small).abs().mean(0, keepdim=True)
        covered = inside * covers
        return float(
            _mean(departs, around * covers)
            + _CALM * _mean(clouds.roll(turn, 2), covered)
            + _WHOLE * (1 - covered.sum() / inside.sum())
        )

    return min(range(1, 2 * rows), key=cost) / (2 * rows)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1e-9)


def _spread(values: Tensor, there: Tensor) -> Tensor:
    """*values* ``[C, H, 2 H]`` continued smoothly where *there* is 0: as :func:`fill` does it, but around means that
    count less with the angle's fourth power (Shepard 1968): around a pole, neighbours lie in many columns. Nothing is
    continued as 0."""
    if there.min() > 0 or not there.any():
        return values * there
    rows = min(_SPREAD_ROWS, there.shape[1])
    weight = adaptive_avg_pool2d(there, (rows, 2 * rows))
    means = adaptive_avg_pool2d(values * there, (rows, 2 * rows)) / weight.clamp(min=1e-9)
    towards = directions(rows, values.device).flatten(1)
    angles = torch.acos((towards.T @ towards).clamp(-1, 1)).clamp(min=math.pi / rows / 2)
    near = (weight * solid_angles(rows, values.device)).flatten() / angles**4
    told = (near / near.sum(1, keepdim=True)) @ means.flatten(1).T
    expected = resized(told.T.reshape_as(means), values.shape[2])
    return expected + fill(values - expected, there)
