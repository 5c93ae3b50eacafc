"""What may lie behind a part of a sky that shall be gone: what the sky has at the same heights elsewhere."""

import math

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from ..light.transfer import log_to_radiance, radiance_to_log
from ..sky.noise import BILLOW, DETAIL, NoiseAtlas
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
_HILLS = 0.15  # sine of the height up to which hills may stand
_BILLOWS = 2.5  # tiles of noise from the zenith to where the plane is one away
_RAGGED, _FRAYED, _RIM = 0.25, 0.08, 0.3  # of that: how far billows and small ones move its end, and how soft it is
_SPREAD_ROWS = 32  # of panoramas on which values are spread over the sphere


def behind(radiance: Tensor, there: Tensor) -> Tensor:
    """*radiance* ``[3, H, 2 H]`` with a likely sky where *there* ``[1, H, 2 H]`` is 0, not 1.

    Skies change with height and much less with azimuth, so the sky, and the ground, is turned about the vertical until
    it looks much the same around the erased part and is calm inside (as Hays and Efros 2007, "Scene completion using
    millions of photographs", choose one of many pictures; here horizon, waves and perspective fit by themselves). What
    departs at the edge is spread over the inside (the membrane of Farbman et al. 2009, "Coordinates for instant image
    cloning"), if it is light; a cloud that the edge cuts through ends there.
    """
    code, near = radiance_to_log(radiance), _near(there)
    every = directions(radiance.shape[1], radiance.device)
    above = (every[2:] > 0).to(there)
    sky, sky_covers = _turned(code, there, above, (near, _ragged(near, there, every)))
    ground, ground_covers = _turned(code, there, 1 - above, (near, near))
    likely, covers = torch.lerp(ground, sky, above), torch.lerp(ground_covers, sky_covers, above)
    filled = _membrane(torch.where(there > 0, code, likely), torch.maximum(there, covers))
    return torch.where(there > 0, radiance, log_to_radiance(filled))


def _turned(code: Tensor, there: Tensor, half: Tensor, rims: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The panorama *code* ``[3, H, 2 H]`` turned so that it fits into what is not *there* in one *half*
    ``[1, H, 2 H]``, and where it does ``[1, H, 2 H]``. rims: see :func:`_departure`."""
    if (there + 1 - half).min() > 0:
        return code, there
    turn = round(_best_turn(code, there, half) * code.shape[2])
    turned, covers = code.roll(turn, 2), there.roll(turn, 2)
    return turned + _departure(code - turned, there * covers * half, there, rims), covers


def _best_turn(code: Tensor, there: Tensor, half: Tensor) -> float:
    """Share of a whole turn by which the panorama *code* best covers what is not *there* in one *half*."""
    rows = min(_ROWS, code.shape[1])
    small = adaptive_avg_pool2d(code, (rows, 2 * rows))
    erased = (adaptive_avg_pool2d(there, (rows, 2 * rows)) < 1).float()
    area = solid_angles(rows, code.device) * adaptive_avg_pool2d(half, (rows, 2 * rows))
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


def _departure(departs: Tensor, known: Tensor, there: Tensor, rims: tuple[Tensor, Tensor]) -> Tensor:
    """What *departs* ``[C, H, 2 H]`` where that is *known*, to be expected where something is not *there*. rims: how
    much of what is local goes on where it is even, and where it is uneven ``[1, H, 2 H]``."""
    if not known.any():
        return torch.zeros_like(departs)
    even = _even(departs, known, there)
    expected = _spread(departs, known * even)
    rim = torch.lerp(rims[1], rims[0], fill(even * known, known))
    return expected + fill((departs - expected) * known, known) * rim


def _near(there: Tensor) -> Tensor:
    """1 at the edge of what is *there* ``[1, H, 2 H]``, and falling to 0 within :data:`_FADES`."""
    return (2 * box_filter(there[0], round(_FADES / 180 * there.shape[1]))).clamp(max=1)[None]


def _ragged(near: Tensor, there: Tensor, every: Tensor) -> Tensor:
    """What is :func:`_near` ends half way instead, with a rim as ragged as clouds have; not so at the horizon, where
    hills are. every: the pixels' directions ``[3, H, 2 H]``."""
    plane = every[:2] * _BILLOWS / (1 + every[2].abs())  # stereographic: no seam, and billows are round everywhere
    east, north = normalize((every[:2] * (1 - there)).sum((1, 2)), dim=0)  # so that a sky turned is the same turned
    noise = NoiseAtlas(0, there.device)(north * plane[0] - east * plane[1], east * plane[0] + north * plane[1])
    rim = near + 4 * near * (1 - near) * (_RAGGED * noise[BILLOW] + _FRAYED * noise[DETAIL])
    return torch.lerp(near, ((rim - 0.5) / _RIM + 0.5).clamp(0, 1), (every[2:] / _HILLS).clamp(0, 1))


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
