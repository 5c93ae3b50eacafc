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
_STEEP, _CORE = 3.0, 6.0  # degrees: within which a cloud's edge rises, and how far inside it a cloud is even
_EVEN = 0.005  # of a code: what varies less is even
_FADES = 8.0  # degrees inside the edge within which a cloud that it cuts through ends
_SPREAD_ROWS = 32  # of panoramas on which values are spread over the sphere


def behind(radiance: Tensor, there: Tensor) -> Tensor:
    """*radiance* ``[3, H, 2 H]`` with a likely sky where *there* ``[1, H, 2 H]`` is 0, not 1.

    Skies change with height and much less with azimuth, so the sky is turned about the vertical until it looks much
    the same around the erased part and is calm inside (as Hays and Efros 2007, "Scene completion using millions of
    photographs", choose one of many pictures; here horizon, waves and perspective fit by themselves). What departs at
    the edge is spread over the inside of the sky and of the ground (the membrane of Farbman et al. 2009, "Coordinates
    for instant image cloning"), if it is light; a cloud that the edge cuts through ends there.
    """
    code = radiance_to_log(radiance)
    turn = round(_best_turn(code, there) * radiance.shape[2])
    turned, covers = code.roll(turn, 2), there.roll(turn, 2)
    departs, known = code - turned, there * covers
    sky = (directions(radiance.shape[1], radiance.device)[2] > 0).to(known)
    ground, above = (_departure(departs, known * part, there) for part in (1 - sky, sky))
    likely = turned + torch.lerp(ground, above, sky)
    filled = _membrane(torch.where(there > 0, code, likely), torch.maximum(there, covers))
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


def _departure(departs: Tensor, known: Tensor, there: Tensor) -> Tensor:
    """What *departs* ``[C, H, 2 H]`` where that is *known*, to be expected where something is not *there*."""
    expected = _spread(departs, known * _even(departs, known, there))
    deep = 1 - max_filter(there, round(_FADES / 180 * there.shape[1]))
    return expected + fill((departs - expected) * known, torch.maximum(known, deep))


def _even(departs: Tensor, known: Tensor, there: Tensor) -> Tensor:
    """How much what *departs* tells of other places ``[1, H, 2 H]``, in [0, 1]: a glow is even and goes on, clouds have
    steep edges and do not. Beside what is usual around the erased part, weights fall as Geman and McClure's (1985)."""
    rows = min(_ROWS, there.shape[1])
    steep, core, around = (max(1, round(angle / 180 * rows)) for angle in (_STEEP, _CORE, _AROUND))
    weight, erased = adaptive_avg_pool2d(known, (rows, 2 * rows)), adaptive_avg_pool2d(1 - there, (rows, 2 * rows))
    values = adaptive_avg_pool2d(departs * known, (rows, 2 * rows)) / weight.clamp(min=1e-9)

    def mean(values: Tensor) -> Tensor:
        sums = torch.stack([box_filter(each, steep) for each in values * weight])
        return sums / box_filter(weight[0], steep).clamp(min=1e-9)

    uneven = (mean(values.square()) - mean(values).square()).clamp(min=0).sum(0, keepdim=True).sqrt()
    ring = (weight > 0) & (max_filter((erased > 0).float(), around) > 0)
    usual = uneven[ring].median().clamp(min=_EVEN) if ring.any() else _EVEN
    return resized(1 / (1 + (max_filter(uneven, core) / usual).square()).square(), there.shape[2]).clamp(0, 1)


def _membrane(values: Tensor, there: Tensor) -> Tensor:
    """*values* ``[C, H, 2 H]`` continued smoothly where *there* is 0: as :func:`fill` does it, but around means."""
    if there.min() > 0 or not there.any():
        return values * there
    expected = _spread(values, there)
    return expected + fill(values - expected, there)


def _spread(values: Tensor, weight: Tensor) -> Tensor:
    """Means everywhere of *values* ``[C, H, 2 H]`` with a *weight* ``[1, H, 2 H]``, less with the fourth power of the
    angle (Shepard 1968): around a pole, neighbours lie in many columns. 0 if nothing has a weight."""
    rows = min(_SPREAD_ROWS, weight.shape[1])
    some = adaptive_avg_pool2d(weight, (rows, 2 * rows))
    means = adaptive_avg_pool2d(values * weight, (rows, 2 * rows)) / some.clamp(min=1e-9)
    towards = directions(rows, values.device).flatten(1)
    angles = torch.acos((towards.T @ towards).clamp(-1, 1)).clamp(min=math.pi / rows / 2)
    near = (some * solid_angles(rows, values.device)).flatten() / angles**4
    told = near @ means.flatten(1).T / near.sum(1, keepdim=True).clamp(min=1e-9)
    return resized(told.T.reshape_as(means), values.shape[2])
