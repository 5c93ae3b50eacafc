"""Repeatable randomness for pictures: counter-based uniform numbers and an atlas of tileable noise."""

import torch
import torch.nn.functional as F
from torch import Tensor

SOFT, BILLOW, WISP, DETAIL, RIDGE = range(5)  # the atlas' channels
_ATLAS_SIZE = 512


def hash_uniform(seeds: Tensor, stream: int, *shape: int) -> Tensor:
    """Uniform numbers in [0, 1), a pure function of seed, stream and position, equal on every device.

    *seeds*: [batch] int64. Returns [batch, *shape]. The permutation is PCG-RXS-M-XS (O'Neill 2014), applied twice.
    """
    positions = torch.arange(torch.Size(shape).numel(), device=seeds.device)
    return hash_at(seeds, stream, positions).view(len(seeds), *shape)


def hash_at(seeds: Tensor, stream: int, positions: Tensor) -> Tensor:
    """As :func:`hash_uniform`, of some *positions* [count] alone, [batch, count]."""
    x = (seeds[:, None] * 747796405 + stream * 2891336453 + 1) & 0xFFFFFFFF
    x = _permute(_permute(x) ^ positions)
    return (x >> 8).float() / (1 << 24)


def _permute(x: Tensor) -> Tensor:
    x = (x * 747796405 + 2891336453) & 0xFFFFFFFF
    x = (((x >> ((x >> 28) + 4)) ^ x) * 277803737) & 0xFFFFFFFF
    return (x >> 22) ^ x


class NoiseAtlas:
    """Five tileable noise pictures of zero mean and unit variance: soft shapes, billows, wisps, detail, ridges."""

    def __init__(self, seed: int, device: torch.device, size: int = _ATLAS_SIZE) -> None:
        generator = torch.Generator().manual_seed(seed)
        soft = power_law(size, 1.9, 3, 24, generator)
        cells = torch.stack([w * _worley(size, n, generator) for n, w in ((16, 0.55), (32, 0.28), (64, 0.17))]).sum(0)
        billow = 0.75 * soft + 0.75 * _standardise(cells) + 0.15 * power_law(size, 1.3, 40, 200, generator)
        wisp = power_law(size, 1.55, 6, 200, generator)
        detail = _worley(size, 90, generator) + 0.5 * power_law(size, 1.0, 60, 256, generator)
        ridge = -power_law(size, 1.9, 6, 100, generator).abs()
        tiles = torch.stack([_standardise(tile) for tile in (soft, billow, wisp, detail, ridge)])
        self._tiles = F.pad(tiles[None], (0, 1, 0, 1), mode="circular").to(device)

    def __call__(self, u: Tensor, v: Tensor) -> Tensor:
        """Sample bilinearly at *u*, *v* in tiles (one tile is one period). Returns [5, *u.shape]."""
        u, v = torch.broadcast_tensors(u, v)
        grid = torch.stack([u - u.floor(), v - v.floor()], -1).reshape(1, 1, -1, 2) * 2 - 1
        return F.grid_sample(self._tiles, grid, align_corners=True, padding_mode="border")[0, :, 0].reshape(5, *u.shape)


def _standardise(tile: Tensor) -> Tensor:
    return (tile - tile.mean()) / tile.std()


def power_law(size: int, exponent: float, lowest: int, highest: int, generator: torch.Generator) -> Tensor:
    """Gaussian noise whose amplitude falls as frequency^-exponent between two frequencies (cycles per tile)."""
    f = torch.fft.fftfreq(size, 1 / size)
    radius = (f[:, None].square() + f.square()).sqrt()
    amplitude = radius.clamp(min=1) ** -exponent * ((radius >= lowest) & (radius <= highest))
    spectrum = torch.fft.fft2(torch.randn(size, size, generator=generator)) * amplitude
    return _standardise(torch.fft.ifft2(spectrum).real)


def _worley(size: int, cells: int, generator: torch.Generator) -> Tensor:
    """One minus the distance to the nearest feature point (Worley 1996), tileable."""
    points = torch.rand(cells, cells, 2, generator=generator)
    centre = (torch.arange(size) + 0.5) / size * cells
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    row, column = y.floor().long(), x.floor().long()
    nearest = torch.full((size, size), 9.0)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            point = points[(row + dy) % cells, (column + dx) % cells]
            distance = (row + dy + point[..., 0] - y).square() + (column + dx + point[..., 1] - x).square()
            nearest = torch.minimum(nearest, distance)
    return 1 - nearest.sqrt()
