"""The weave that a decoder paints: the same texture in the block of one latent after the other, strewn about.

A decoder that was taught to be sharp invents texture where latents tell of none, and as nothing tells one block from
the next, it is the same in each: threads on meadows, ripples in rank and file, level lines as far apart as latents are.
The texture is good, its order is not. So what a block has in common with those beside it is taken out and, but for the
level lines, laid back shifted at random, block by block; next to a horizon, along it only. A strong level line is a
horizon, a shore or a ridge, but well below the horizon it is none of these. Where shifted blocks pass into each other,
weights keep their strength (Heitz and Neyret, "High-performance by-example noise using a histogram-preserving blending
operator", 2018).
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

_GROUP = 3  # blocks side by side whose mean is taken: what varies from one to the next has a small share in it
FAINT = 0.03  # picture values: what a decoder leaves is fainter, a horizon is twice as strong at least
_SHORES = 3.0  # degrees below the horizon; farther down no strong level line belongs there
_BAND, _MARGIN = 16, 4  # rows of blocks that are worked on at once, and that are looked at above and below
_TILE, _BESIDE = 64, 8  # columns of blocks in the same way, so that memory does not grow with the picture


def strew_weave(picture: Tensor, period: int, wraps: bool) -> Tensor:
    """*picture* ``[C, H, W]``, changed in place, in which nothing repeats itself every *period* pixels, which divides H
    and W.

    wraps: as a ring. What is smooth over a block stays. So does what is in one place alone, because a block counts as
    like its neighbours only where two of three groups of them agree.
    """
    rows, columns = (length // period for length in picture.shape[1:])
    shifts = torch.randint(period, (2, rows, columns), generator=torch.Generator().manual_seed(0)).to(picture.device)
    keeps = _above_shores(torch.arange(rows, device=picture.device) / rows, wraps)
    for channel in picture:
        above = channel[:0].clone()  # as it was
        for first in range(0, rows, _BAND):
            last, end = min(first + _BAND, rows), min(first + _BAND + _MARGIN, rows)
            seen = torch.cat([above, channel[first * period : end * period]]).unflatten(1, (columns, period))
            start = first - len(above) // period
            above = channel[max(0, last - _MARGIN) * period : last * period].clone()
            inside = slice((first - start) * period, (last - start) * period)
            for left in range(0, columns, _TILE):
                right = min(left + _TILE, columns)
                places = torch.arange(left - _BESIDE, right + _BESIDE, device=picture.device)
                places = places % columns if wraps else places[(places >= 0) & (places < columns)]
                shifted = shifts[:, start:end, places]
                strewn = _strewn(seen[:, places].flatten(1), period, shifted, keeps[start:end])
                begin = (_BESIDE if wraps else min(left, _BESIDE)) * period
                tile = strewn[inside, begin : begin + (right - left) * period]
                channel[first * period : last * period, left * period : right * period] = tile
    return picture


def _above_shores(tops: Tensor, panorama: bool) -> Tensor:
    """1 for blocks that may have a horizon, a shore or a ridge, 0 for others, ``[m]``: of a flat view, which may look
    anywhere, all may. tops: where they begin, as shares of the height."""
    return (((tops - 0.5) * 180 < _SHORES) if panorama else torch.ones_like(tops)).float()


def _strewn(seen: Tensor, period: int, shifts: Tensor, keeps: Tensor) -> Tensor:
    """Rows *seen* ``[h, w]`` of a part of one channel; shifts: down and to the right of each block, ``[2, m, n]``;
    keeps: ``[m]``, where strong level lines stay."""
    _, rows, columns = shifts.shape
    detail = seen - _tones(seen, period)
    detail = (detail - _tones(detail, period)).view(rows, period, columns, period)  # of a glow, too, nothing
    reach = min(_GROUP, columns)
    means = pad(_beside(detail), (0, 0, reach, reach), mode="replicate")
    shared = _beside(_middle(*(means[:, :, start : start + columns] for start in (0, reach, 2 * reach))))
    levels = shared.mean(3, keepdim=True)
    horizon, weave = _horizon(levels) * keeps[:, None, None, None], shared - levels
    taken = weave + levels * (1 - horizon)  # a shore is like itself, too, and stays
    down, right = shifts[0] * (horizon[:, 0, :, 0] == 0), shifts[1]  # beside it, the texture is shifted along it
    places = torch.arange(period, device=seen.device)[:, None, None]
    down, right = ((places + shift) % period for shift in (down, right))
    strewn = weave.gather(3, right.permute(1, 2, 0)[:, None].expand_as(weave))
    strewn = strewn.gather(1, down.transpose(0, 1)[..., None].expand_as(weave))
    return seen - _laid(taken, 1.0) + _laid(strewn, 2.0)


def _horizon(lines: Tensor) -> Tensor:
    """1 where *lines* ``[rows, h, n, 1]`` are too strong for level lines, in a block or those above and below, 0 where
    they are faint: ``[rows, 1, n, 1]``."""
    strongest = max_pool2d(lines.abs().amax(1)[None, ..., 0], (3, 1), stride=1, padding=(1, 0))
    return (strongest / FAINT - 1).clamp(0, 1)[0, :, None, :, None]


def _tones(seen: Tensor, period: int) -> Tensor:
    """What is smooth over a block; of what repeats itself in each, nothing."""
    means = _continued(_continued(avg_pool2d(seen[None, None], period), 3), 2)
    return interpolate(means, scale_factor=period, mode="bilinear")[0, 0, period:-period, period:-period]


def _continued(means: Tensor, dim: int) -> Tensor:
    """*means* and one more at both ends, as they would go on."""
    first, second = means.narrow(dim, 0, 1), means.narrow(dim, min(1, means.shape[dim] - 1), 1)
    last, before = means.narrow(dim, -1, 1), means.narrow(dim, max(-2, -means.shape[dim]), 1)
    return torch.cat([2 * first - second, means, 2 * last - before], dim)


def _beside(blocks: Tensor) -> Tensor:
    """The mean of a group around each of *blocks* ``[rows, h, n, w]``."""
    reach = _GROUP // 2
    return avg_pool2d(pad(blocks, (0, 0, reach, reach), mode="replicate"), (_GROUP, 1), stride=1)


def _laid(blocks: Tensor, power: float) -> Tensor:
    """*blocks* ``[rows, h, n, w]`` as ``[rows h, n w]``. They pass into each other, so that no edge is left, with
    weights of which the powers make 1: the first, where they are alike, and the second, where they are not."""
    rows, height, columns, width = blocks.shape
    blocks = _passing(blocks, power).view(rows, height, columns * width).permute(2, 0, 1)[None]
    return _passing(blocks, power)[0].permute(1, 2, 0).reshape(rows * height, columns * width)


def _passing(blocks: Tensor, power: float) -> Tensor:
    """Along the last dimension of *blocks* ``[k, h, n, w]``."""
    wider = pad(blocks, (0, 0, 1, 1), mode="replicate")
    place = (torch.arange(blocks.shape[3], device=blocks.device) + 0.5) / blocks.shape[3] - 0.5
    other = place.abs()
    total = (other**power + (1 - other) ** power) ** (1 / power)
    beside = torch.where(place < 0, wider[:, :, :-2], wider[:, :, 2:])
    return beside * (other / total) + blocks * ((1 - other) / total)


def _middle(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The median of three, place by place."""
    return torch.maximum(torch.minimum(a, b), torch.minimum(torch.maximum(a, b), c))
