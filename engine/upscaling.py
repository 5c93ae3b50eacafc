"""Learned upscalers, of any architecture that ``spandrel`` knows, on a panorama as the sphere that it is."""

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from .errors import BadModel
from .models.folder import find_weights
from .sphere.caps import paste_cap
from .sphere.gnomonic import View, render
from .sphere.resampling import reader
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

    def panorama(self, picture: Tensor, poles: bool) -> Upscaling:
        """The panorama ``[3, h, 2 h]``, :attr:`scale` times as large, without a seam. poles: where it is stretched, as
        flat views are enlarged."""
        margin = min(_MARGIN, picture.shape[1])
        read = reader(picture)

        def around(rows: range) -> Tensor:
            return pad(read(rows.start - margin, rows.stop + margin), (margin, margin), mode="circular")

        large = yield from self._enlarged(around, margin, picture.shape[1:])
        for view in _caps(picture.shape[1]) if poles else ():
            flat = render(read, picture.shape[1], view, "bicubic")
            cap = yield from self._enlarged_view(flat)
            paste_cap(large, replace(view, size=cap.shape[2]), cap)
        return large

    def work(self, width: int, poles: bool) -> int:
        """How much it is, in windows, to enlarge a panorama of *width*."""
        sides = [(width // 2, width), *((view.size, view.size) for view in _caps(width // 2) if poles)]
        return _TILE_WORK * sum(len(_parts(height)) * len(_parts(columns)) for height, columns in sides)

    def _enlarged_view(self, flat: Tensor) -> Upscaling:
        framed = pad(flat[None], (_MARGIN,) * 4, mode="replicate")[0]

        def around(rows: range) -> Tensor:
            return framed[:, rows.start : rows.stop + 2 * _MARGIN]

        return (yield from self._enlarged(around, _MARGIN, flat.shape[1:]))

    @torch.no_grad()
    def _enlarged(self, around: Callable[[range], Tensor], margin: int, size: torch.Size) -> Upscaling:
        """The picture of *size* of which *around* gives rows, with *margin* pixels more on every side."""
        (height, width), scale, edge = size, self.scale, margin * self.scale
        large = torch.empty(3, height * scale, width * scale)
        for rows in _parts(height):
            band = around(rows)[None]
            for columns in _parts(width):
                part = band[..., columns.start : columns.stop + 2 * margin].to(self._device).float()
                made = self._network(((part + 1) / 2).clamp(0, 1))[0, :, edge:-edge, edge:-edge]
                place = (slice(side.start * scale, side.stop * scale) for side in (rows, columns))
                large[:, *place] = made * 2 - 1
                yield _TILE_WORK
        return large


def _caps(height: int) -> list[View]:
    """Of zenith and nadir, their pixels as fine as those of a panorama of *height* rows."""
    size = round(2 * math.tan(math.radians(_CAP / 2)) * height / math.pi)
    return [View(0.0, elevation, _CAP, size) for elevation in (90.0, -90.0)]


def _parts(side: int) -> list[range]:
    """Of a *side* of a picture, those of its tiles."""
    return [range(first, min(first + _TILE, side)) for first in range(0, side, _TILE)]


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
