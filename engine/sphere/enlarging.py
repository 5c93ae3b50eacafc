"""A panorama at another size: at once, or row by row as it is read, so that it need not be kept beside what is made of
it."""

import math

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, pad

from .resampling import Reader, reader

_BAND = 64  # rows that are written, or averaged, at once
_KERNEL = 2  # pixels to each side that a cubic kernel sees


def at_width(panorama: Tensor, width: int) -> Reader:
    """What reads the panorama ``[C, h, 2 h]`` at *width*, around the seam and over the poles."""
    if panorama.shape[2] > width:
        return reader(shrunk(panorama, width))
    if panorama.shape[2] == width:
        return reader(panorama)
    small = reader(panorama)
    shared = math.gcd(panorama.shape[2], width)
    unit, large = panorama.shape[2] // shared, width // shared  # pixels that become so many
    margin = math.ceil(_KERNEL / unit)

    def read(first: int, last: int) -> Tensor:
        above, below = first // large - margin, -(-last // large) + margin
        around = pad(small(above * unit, below * unit)[None], (margin * unit, margin * unit, 0, 0), mode="circular")
        size = ((below - above) * large, width + 2 * margin * large)
        rows = interpolate(around, size=size, mode="bicubic", align_corners=False)[0]
        return rows[:, first - above * large : last - above * large, margin * large : -margin * large]

    return read


def means(read: Reader, unit: int) -> Reader:
    """What reads the means of *unit* by *unit* pixels of what *read* reads."""

    def read_means(first: int, last: int) -> Tensor:
        ends = range(first * unit, last * unit, max(1, _BAND // unit) * unit)
        return torch.cat([avg_pool2d(read(end, min(end + ends.step, last * unit)), unit) for end in ends], 1)

    return read_means if unit > 1 else read


def written(read: Reader, height: int) -> Tensor:
    """The panorama of *height* rows that *read* reads, ``[C, height, 2 * height]``."""
    first = read(0, min(_BAND, height))
    whole = first.new_empty(len(first), height, first.shape[2])
    for start in range(0, height, _BAND):
        stop = min(start + _BAND, height)
        whole[:, start:stop] = read(start, stop)
    return whole


def resized(picture: Tensor, width: int) -> Tensor:
    """The panorama ``[C, H, 2 H]`` at *width*: means of pixels if that is smaller, as they are if it is the same."""
    size = (width // 2, width)
    if picture.shape[1:] == size:
        return picture
    if picture.shape[2] > width:
        return adaptive_avg_pool2d(picture, size)
    wrapped = torch.cat([picture[..., -2:], picture, picture[..., :2]], -1)  # the seam is no edge
    scale = width / picture.shape[2]
    margin = round(2 * scale)
    grown = interpolate(wrapped[None], size=(size[0], width + 2 * margin), mode="bilinear", align_corners=False)
    return grown[0, ..., margin : margin + width]


def shrunk(panorama: Tensor, width: int) -> Tensor:
    """The panorama ``[C, h, 2 h]`` at no more than its own size, each pixel the mean of those in its place."""
    return adaptive_avg_pool2d(panorama, (width // 2, width))
