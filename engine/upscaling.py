"""Learned upscalers, of any architecture that ``spandrel`` knows, on a panorama as the sphere that it is."""

import math
from collections.abc import Generator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from .errors import BadModel
from .models.folder import find_weights
from .sphere.caps import paste_cap
from .sphere.gnomonic import View, render
from .sphere.resampling import around, reader
from .stub_modules import stub_modules

_TILE = 256  # pixels a side, before
_MARGIN = 32  # of the neighbours that a tile sees
_CAP = 80.0  # degrees across a view of a pole

_TILE_WORK = 2  # a tile takes about as long as so many windows that are denoised

Upscaling = Generator[int, None, Tensor]  # work after each tile, and a picture in the end


class Upscaler:
    """Enlarges pictures of values in [-1, 1] :attr:`scale` times. Memory beside both pictures does not depend on their
    size."""

    def __init__(self, file: str | Path, device: torch.device) -> None:
        """Raises :class:`BadModel` if *file* is not an upscaler in safetensors format."""
        self._network, self._device = _load(file).to(device).eval(), device
        self.scale: int = self._network.scale

    @torch.no_grad()
    def panorama(self, picture: Tensor, poles: bool) -> Upscaling:
        """The panorama ``[3, h, 2 h]``, :attr:`scale` times as large, without a seam. poles: where it is stretched, as
        flat views are enlarged."""
        height, width = picture.shape[1:]
        margin = min(_MARGIN, height)
        large = torch.empty(3, height * self.scale, width * self.scale)
        for rows, columns in _tiles(height, width):
            tile = around(picture, _wider(rows, margin), _wider(columns, margin))
            down, across = (_times(side, self.scale) for side in (rows, columns))
            large[:, down.start : down.stop, across.start : across.stop] = self._enlarged(tile, margin)
            yield _TILE_WORK
        for view in _caps(height) if poles else ():
            for place in _tiles(view.size, view.size):
                rows, columns = (_wider(side, _MARGIN) for side in place)
                tile = render(reader(picture), height, view, "bicubic", rows=rows, columns=columns)
                made = self._enlarged(tile, _MARGIN - 1)  # between its last pixels and the next tile's, both are read
                fine = replace(view, size=view.size * self.scale)
                paste_cap(large, fine, made, *(_times(side, self.scale) for side in place))
                yield _TILE_WORK
        return large

    def work(self, width: int, poles: bool) -> int:
        """How much it is, in windows, to enlarge a panorama of *width*."""
        sides = [(width // 2, width), *((view.size, view.size) for view in _caps(width // 2) if poles)]
        return _TILE_WORK * sum(len(_tiles(*side)) for side in sides)

    def _enlarged(self, tile: Tensor, margin: int) -> Tensor:
        """What is made of a *tile* without so many of its pixels at each side."""
        edge = margin * self.scale
        made = self._network(((tile.to(self._device).float()[None] + 1) / 2).clamp(0, 1))
        return made[0, :, edge:-edge, edge:-edge].cpu() * 2 - 1


def _caps(height: int) -> list[View]:
    """Of zenith and nadir, their pixels as fine as those of a panorama of *height* rows."""
    size = round(2 * math.tan(math.radians(_CAP / 2)) * height / math.pi)
    return [View(0.0, elevation, _CAP, size) for elevation in (90.0, -90.0)]


def _tiles(height: int, width: int) -> list[tuple[range, range]]:
    """Rows and columns of a picture's tiles."""
    down, across = ([range(at, min(at + _TILE, side)) for at in range(0, side, _TILE)] for side in (height, width))
    return list(product(down, across))


def _wider(side: range, margin: int) -> range:
    return range(side.start - margin, side.stop + margin)


def _times(side: range, scale: int) -> range:
    return range(side.start * scale, side.stop * scale)


def _load(name: str | Path) -> Any:
    file = find_weights(str(name))
    try:
        network = spandrel_package().ModelLoader().load_from_file(file)
    except Exception as error:  # whatever spandrel raises for weights that it does not know
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise BadModel(
            f"{file} is no upscaler of a known architecture: {reason}",
            "Choose another one, such as an ESRGAN or a Compact.",
        ) from error
    if network.scale < 2 or (network.input_channels, network.output_channels) != (3, 3):
        raise BadModel(
            f"The network in {file} does not enlarge colour pictures.", "Choose an upscaler for 2, 3 or 4 times."
        )
    return network


@cache
def spandrel_package() -> ModuleType:
    """Its libraries that no upscaler needs are left out."""
    transforms = ModuleType("torchvision.transforms")
    functional = ModuleType("torchvision.transforms.functional")
    for name in ("InterpolationMode", "rotate", "normalize"):  # of two architectures that do not enlarge
        setattr(functional, name, None)
    with stub_modules(ModuleType("torchvision"), transforms, functional):
        import spandrel
    return spandrel
