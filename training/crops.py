"""What an upscaler learns from: pieces of renders as fine as large skies are, and skies as a model paints them."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.job import Job
from engine.light.transfer import radiance_to_log
from engine.models.loading import WarmModel
from engine.output.pictures import read_radiance
from engine.pipeline import generate
from engine.sky import SkyRenderer, sample_parameters
from engine.sky.captions import caption

from .settings import Settings
from .untaught import add_features

SIDE = 192  # pixels of a piece of a render
_BAND = 32  # rows that are rendered at once
_PER_BAND = 16  # pieces of a band of rows


def render_pieces(folder: Path, settings: Settings) -> list[Tensor]:
    """Log-radiance codes ``[n, 3, SIDE, SIDE]`` of bands of random skies, one tensor for each band.

    Renders what is still missing in *folder*. As in ``dataset.py`` at twice the size, and averaged.
    """
    renderer = SkyRenderer(settings.seed)

    def make(rng: random.Random) -> Tensor:
        sky = add_features(sample_parameters(rng), rng)
        renderer.reseed(rng.randrange(1 << 20))
        height = rng.choice(settings.upscaler_heights)
        draw, first = renderer.rows(sky, 512), _first_row(rng, height)
        ends = sorted({*range(2 * first, 2 * (first + SIDE) + 1, _BAND), height})  # a band does not cross the horizon
        ends = [end for end in ends if 2 * first <= end <= 2 * (first + SIDE)]
        parts = [draw(2 * height, range(*both)) for both in pairwise(ends)]
        codes = F.avg_pool2d(radiance_to_log(torch.cat(parts, 1)), 2)
        columns = [rng.randrange(2 * height - SIDE) for _ in range(_PER_BAND)]
        return torch.stack([codes[..., column : column + SIDE] for column in columns])

    return _completed(folder, settings.upscaler_bands, settings.seed, make)


def painted_skies(folder: Path, model: Path, settings: Settings) -> list[Tensor]:
    """Log-radiance codes ``[3, H, 2 H]`` of skies without layouts by *model*, which has no upscaler, after one stage of
    denoising, as an upscaler gets to see them."""
    folder.mkdir(parents=True, exist_ok=True)
    warm = WarmModel()

    def make(rng: random.Random) -> Tensor:
        text = caption(sample_parameters(rng), rng)
        asked = {"layout": "none", "seed": rng.randrange(1 << 31), "sync_steps": 0, "sun": "off"}
        *_, result = generate(
            Job(prompt=text, model=str(model), width=settings.upscaler_width, **asked), folder / "painting.exr", warm
        )
        return radiance_to_log(read_radiance(Path(result.exr)))

    return _completed(folder, settings.upscaler_skies, settings.seed + 1, make)


def _first_row(rng: random.Random, height: int) -> int:
    """Of a piece: half of them in the sky, as many at the horizon as below it."""
    middle, place = height // 2, rng.random()
    if place < 0.5:
        return rng.randrange(height // 12, middle - SIDE)
    if place < 0.75:
        return middle - rng.randrange(SIDE // 4, 3 * SIDE // 4)
    return middle + rng.randrange(height // 5)


def _completed(folder: Path, count: int, seed: int, make: Callable[[random.Random], Tensor]) -> list[Tensor]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        file = folder / f"{number:04d}.safetensors"
        if not file.exists():
            save_file(
                {"codes": make(random.Random(seed * 100_000 + number)).half().contiguous()}, file.with_suffix(".part")
            )
            file.with_suffix(".part").replace(file)
    return [load_file(folder / f"{number:04d}.safetensors")["codes"] for number in range(count)]
