"""Directions of an equirectangular panorama's pixels, in Blender's frame.

x is east (+X), y is north (+Y), z is up. The centre column looks to +X. Azimuth in degrees clockwise from north, so the
centre column is azimuth 90 and azimuth grows to the right; elevation in degrees above the horizon.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad


def direction(azimuth: float, elevation: float) -> Tensor:
    """Unit vector ``[3]``."""
    turn, rise = math.radians(azimuth), math.radians(elevation)
    return torch.tensor([math.sin(turn) * math.cos(rise), math.cos(turn) * math.cos(rise), math.sin(rise)])


def azimuth_elevation(vector: Tensor) -> tuple[float, float]:
    """Azimuth in [0, 360) and elevation of a *vector* ``[3]`` of any length."""
    x, y, z = vector.tolist()
    return math.degrees(math.atan2(x, y)) % 360, math.degrees(math.atan2(z, math.hypot(x, y)))


def directions(
    height: int,
    device: torch.device | str = "cpu",
    rows: slice = slice(None),
    columns: slice | Tensor = slice(None),
) -> Tensor:
    """Unit vectors through the pixels' centres, ``[3, height, 2 * height]``, or those of some *rows* and *columns*."""
    pixel = math.pi / height
    rise = math.pi / 2 - (torch.arange(height, device=device)[rows] + 0.5) * pixel
    turn = (torch.arange(2 * height, device=device)[columns] + 0.5) * pixel - math.pi / 2  # column 0 looks to -90
    rise, turn = torch.meshgrid(rise, turn, indexing="ij")
    return torch.stack([rise.cos() * turn.sin(), rise.cos() * turn.cos(), rise.sin()])


def degrees_from(towards: Tensor, every: Tensor) -> Tensor:
    """Angles ``[...]`` between the unit vector *towards* ``[3]`` and those of *every* ``[3, ...]``."""
    return torch.tensordot(towards.to(every.device), every, dims=1).clamp(-1, 1).acos().rad2deg()


def solid_angles(height: int, device: torch.device | str = "cpu") -> Tensor:
    """Steradians of the pixels of each row, ``[height, 1]``; exact, so that all pixels together make 4 pi."""
    edges = torch.linspace(math.pi / 2, -math.pi / 2, height + 1, dtype=torch.float64, device=device).sin()
    return ((edges[:-1] - edges[1:]) * (math.pi / height)).float()[:, None]


def pixels(vectors: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Row and column, with fractions, where *vectors* ``[3, ...]`` of any length meet a panorama.

    Pixel centres are at whole numbers; rows are in [-0.5, height - 0.5], columns in [-0.5, 2 * height - 0.5].
    """
    x, y, z = vectors.unbind(0)
    rise, turn = torch.atan2(z, torch.hypot(x, y)), torch.atan2(x, y)
    scale = height / math.pi
    return (math.pi / 2 - rise) * scale - 0.5, torch.remainder(turn + math.pi / 2, 2 * math.pi) * scale - 0.5


def box_filter(values: Tensor, reach: int) -> Tensor:
    """Mean of ``[H, 2 H]`` over *reach* pixels to each side, around the seam."""
    return _joined(values, reach, torch.add) / (2 * reach + 1) ** 2


def max_filter(values: Tensor, reach: int) -> Tensor:
    """The largest of *values* ``[1, H, 2 H]`` within *reach* pixels to each side, around the seam."""
    return _joined(values[0], reach, torch.maximum)[None]


def _joined(values: Tensor, reach: int, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """What *reach* pixels to each side of ``[H, 2 H]`` make together; in as many steps as twice their number has
    binary digits, because pooling takes as many as there are pixels, minutes at 8192."""
    around = pad(values[None, None], (reach, reach, 0, 0), mode="circular")
    around = pad(around, (0, 0, reach, reach), mode="replicate")[0, 0]
    for axis, count in enumerate(values.shape):
        joined, start, length = None, 0, 1
        while length <= 2 * reach + 1:  # *around* has runs of *length*
            if (2 * reach + 1) & length:
                part = around.narrow(axis, start, count)
                joined, start = part if joined is None else join(joined, part), start + length
            runs = around.shape[axis] - length
            around = join(around.narrow(axis, 0, runs), around.narrow(axis, length, runs))
            length *= 2
        assert joined is not None
        around = joined
    return around
