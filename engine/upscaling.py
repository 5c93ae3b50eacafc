"""Learned upscalers, of any architecture that ``spandrel`` knows, on a panorama as the sphere that it is."""

from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from .errors import BadModel
from .models.folder import find_weights
from .stub_modules import stub_modules

_TILE = 256  # pixels a side, before
_MARGIN = 32  # of the neighbours that a tile sees


class Upscaler:
    """Enlarges pictures :attr:`scale` times. Memory beside both pictures does not depend on their size."""

    def __init__(self, file: str | Path, device: torch.device) -> None:
        """Raises :class:`BadModel` if *file* is not an upscaler in safetensors format."""
        self._network, self._device = _load(file).to(device).eval(), device
        self.scale: int = self._network.scale

    @torch.no_grad()
    def __call__(self, picture: Tensor) -> Tensor:
        """The panorama ``[3, h, 2 h]`` of picture values in [-1, 1], :attr:`scale` times as large."""
        height, width = picture.shape[1:]
        large = picture.new_empty(3, height * self.scale, width * self.scale)
        margin = min(_MARGIN, height)
        around = with_neighbours(picture, margin)
        for top, left in product(range(0, height, _TILE), range(0, width, _TILE)):
            bottom, right = min(top + _TILE, height), min(left + _TILE, width)
            part = around[None, :, top : bottom + 2 * margin, left : right + 2 * margin]
            made = self._network(((part.to(self._device).float() + 1) / 2).clamp(0, 1))[0]
            edge = margin * self.scale
            rows, columns = (
                slice(first * self.scale, last * self.scale) for first, last in ((top, bottom), (left, right))
            )
            large[:, rows, columns] = (made[:, edge:-edge, edge:-edge] * 2 - 1).to(large)
        return large


def with_neighbours(panorama: Tensor, margin: int) -> Tensor:
    """The panorama ``[..., h, 2 h]`` with *margin* pixels more on every side: around the ring, and beyond the poles,
    where the other side of the sphere comes down again. margin: at most h."""
    beyond = panorama.roll(panorama.shape[-1] // 2, -1)
    upper, lower = beyond[..., :margin, :].flip(-2), beyond[..., -margin:, :].flip(-2)
    tall = torch.cat([upper, panorama, lower], -2)
    return torch.cat([tall[..., -margin:], tall, tall[..., :margin]], -1)


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
