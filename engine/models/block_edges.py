"""The edges between the blocks that a decoder paints of one latent each: tones that do not meet there are led together.

Each latent is painted with a tone and a slope of its own, so a smooth sky is a wall of faint tiles. At each edge both
sides are continued to it; by what they then lie apart they are moved towards each other, most at the edge and less
with the distance, as deblocking filters of video codecs do (List et al., "Adaptive deblocking filter", 2003). First for
tones, over half a block, then for what a decoder does in the last few pixels. A true edge, such as a horizon, is
stronger than that and stays.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from .weave import FAINT

_ALONG = 4  # pixels along an edge, to each side, over which it is alike
# Shares of a block: from an edge, of which a side is the mean, the slope being told by as much beyond; that is moved.
_SCALES = ((1 / 8, 1 / 2), (1 / 32, 3 / 32))
_BAND = 256  # lines that are worked on at once


def close_edges(picture: Tensor, period: int, wraps: bool) -> Tensor:
    """*picture* ``[C, H, W]``, changed in place, whose blocks of *period* pixels a side, which divides H and W, meet.

    wraps: as a ring. Beside the picture it takes a thirtieth of it.
    """
    columns = picture.unflatten(2, (-1, period))
    rows = picture.unflatten(1, (-1, period)).permute(0, 3, 1, 2)
    for shares in _SCALES:
        seen, moved = (max(1, round(share * period)) for share in shares)
        _close(columns, seen, moved, goes_on=wraps, along="replicate")
        _close(rows, seen, moved, goes_on=False, along="circular" if wraps else "replicate")
    return picture


def _close(blocks: Tensor, seen: int, moved: int, goes_on: bool, along: str) -> None:
    """Close the edges between *blocks* ``[C, lines, n, period]``, a view, of which each line goes from block to block.

    goes_on: the last block meets the first. along: how edges go on beyond their ends.
    """
    apart = torch.cat([_apart(band, seen, goes_on) for band in blocks.split(_BAND, 1)], 1)
    apart = pad(apart, (0, 0, _ALONG, _ALONG), mode=along)
    for first in range(0, blocks.shape[1], _BAND):
        band = blocks[:, first : first + _BAND]
        step = avg_pool2d(apart[:, first : first + band.shape[1] + 2 * _ALONG], (2 * _ALONG + 1, 1), stride=1)
        from_before = step.roll(1, 2)
        for place in range(moved):
            share = 0.5 * (1 - (place + 0.5) / moved)
            band[..., -1 - place].add_(step, alpha=share)
            band[..., place].sub_(from_before, alpha=share)


def _apart(blocks: Tensor, seen: int, goes_on: bool) -> Tensor:
    """How far each of *blocks* ``[C, lines, n, period]`` is from the next where they meet, but for true edges."""
    before = 1.5 * blocks[..., -seen:].mean(-1) - 0.5 * blocks[..., -2 * seen : -seen].mean(-1)
    after = 1.5 * blocks[..., :seen].mean(-1) - 0.5 * blocks[..., seen : 2 * seen].mean(-1)
    apart = after.roll(-1, 2) - before
    if not goes_on:
        apart[..., -1] = 0
    return apart * (2 - apart.abs().amax(0) / FAINT).clamp(0, 1)
