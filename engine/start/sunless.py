"""A sky whose sun goes: its glow as far as it reaches, and what it outshines or glitters in."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool1d, pad

from ..light.found import FoundLight
from ..light.transfer import log_to_radiance, radiance_to_log
from ..sphere.equirectangular import degrees_from, direction, directions

_REACH = 80.0  # degrees from the sun to where its glow is no more told from the sky
_FAR = 60.0  # degrees from the sun, beyond which the sky's own tone is told
_ROWS = 128  # of the small panorama in which the glow is measured
_STEP, _RING = 2.0, 1.5  # degrees between the rings in which that is done, and to each side of one
_CLEAR = 0.15  # quantile of a ring, and of a row, that is clear sky rather than a cloud
_SMOOTH = 1  # rings to each side over which the glow is averaged
_OUTSHONE = 0.08  # of a code: a glow that hides what is behind it
_LEAST, _MOST = 12.0, 24.0  # degrees around the sun that are outshone, whatever the glow is
_HILLS, _HORIZON_MOST = 0.1, 16.0  # sine of the height up to which hills may stand, and degrees for these
_GLITTER = 28.0  # degrees around the sun's mirror image within which it glitters
_DRAWN_OUT, _LOWEST = 25.0, -60.0  # degrees: how far waves as steep as half of it draw the sun's mirror image out


def without_glow(radiance: Tensor, sun: FoundLight) -> tuple[Tensor, Tensor]:
    """The panorama ``[3, H, 2 H]`` dimmed as the glow of its *sun* brightens it, and where that hides or mirrors so
    much that something else has to take its place, as 1 ``[1, H, 2 H]``.

    A glow depends on the angle to the sun, clouds do not: of the directions at the same angle above the horizon, those
    that are darkest for their height show it alone, and by the height's own tone, on the far side, what it adds. Codes
    differ by that as radiance is multiplied, so clouds that it shines on become as grey as others.
    """
    towards = direction(sun.azimuth, sun.elevation).to(radiance)
    every = directions(radiance.shape[1], radiance.device)
    code, apart = radiance_to_log(radiance), degrees_from(towards, every)
    glow = _glow(code, towards)
    place = (apart / _STEP).clamp(max=glow.shape[1] - 1.001)
    ring = place.long()
    adds = torch.lerp(glow[:, ring], glow[:, ring + 1], place - ring) * ((every[2] > 0) & (apart < _REACH))
    dimmed = torch.where(adds > 0, log_to_radiance(code - adds), radiance)
    outshone = _STEP * int((glow.mean(0) > _OUTSHONE).sum())
    disc = (apart < min(max(outshone, _LEAST), _MOST)) & ((every[2] > _HILLS) | (apart < _HORIZON_MOST))
    return dimmed, (disc | _glitters(every, sun))[None].float()


def _glow(code: Tensor, towards: Tensor) -> Tensor:
    """What the sun adds to a panorama's *code* at each ring around it ``[3, rings]``; falling, and 0 at the last."""
    rows = min(_ROWS, code.shape[1])
    small, every = adaptive_avg_pool2d(code, (rows, 2 * rows)), directions(rows, code.device)
    apart = degrees_from(towards, every)
    far = (torch.tensordot(towards[:2], every[:2], dims=1) <= 0) & (apart > _FAR)
    usual: list[Tensor] = []  # from below: above the highest row with a far side, the sky is as it is there
    for row, away in zip(reversed(small.unbind(1)), reversed(far), strict=True):
        usual.append(row[:, away].quantile(_CLEAR, 1) if away.any() else usual[-1])
    departs, sky = small - torch.stack(usual[::-1], 1)[..., None], every[2] > 0
    angles = torch.arange(0, _REACH + _STEP, _STEP).tolist()
    wide = max(_RING, 180 / rows)
    rings = [departs[:, sky & ((apart - angle).abs() <= wide)].quantile(_CLEAR, 1) for angle in angles]
    around = pad(torch.stack(rings, 1)[None], (_SMOOTH, _SMOOTH), mode="replicate")
    smooth = avg_pool1d(around, 2 * _SMOOTH + 1, 1)[0]
    return (smooth - smooth[:, -1:]).clamp(min=0).flip(1).cummax(1).values.flip(1)


def _glitters(every: Tensor, sun: FoundLight) -> Tensor:
    """Below the horizon, where water, sand and snow glitter ``[H, 2 H]``: the sun's mirror image, and what waves draw
    that out to, towards the viewer."""
    lowest = min(-sun.elevation, max(-sun.elevation - _DRAWN_OUT, _LOWEST))
    nearest = every[2].asin().rad2deg().clamp(lowest, -sun.elevation).deg2rad()  # of the path, to each row
    ahead = torch.tensordot(direction(sun.azimuth, 0.0).to(every), every, dims=1)
    near = ahead * nearest.cos() + every[2] * nearest.sin()
    return (every[2] < 0) & (near > torch.tensor(_GLITTER).deg2rad().cos())
