"""Stage 1: render panoramas once, as half-float log-radiance codes in shards with their parameters beside them."""

import json
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.light.transfer import radiance_to_log
from engine.sky import Clouds, Glow, Ground, SkyParameters, SkyRenderer, Time, sample_parameters

from .settings import Settings

_SHARD = 100


class Panoramas:
    """The shards of a folder as one list. A panorama is [3, height, 2 * height], codes in [-1, 1]."""

    def __init__(self, folder: Path) -> None:
        self.parameters: list[SkyParameters] = []
        self._places: list[tuple[int, int]] = []
        self._shards = []
        for shard, file in enumerate(sorted(folder.glob("*.safetensors"))):
            self._shards.append(safe_open(file, framework="pt").__enter__())
            rows = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            self.parameters += [_parameters(row) for row in rows]
            self._places += [(shard, i) for i in range(len(rows))]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Tensor:
        shard, row = self._places[index]
        return self._shards[shard].get_slice("codes")[row].float()


def _parameters(row: dict) -> SkyParameters:
    kinds = {"time": Time, "clouds": Clouds, "ground": Ground, "glow": Glow}
    return SkyParameters(**{**row, **{name: kind(row[name]) for name, kind in kinds.items()}})


def render_codes(renderer: SkyRenderer, parameters: list[SkyParameters], height: int, batch: int) -> Tensor:
    """Log-radiance codes on the CPU, [len(parameters), 3, height, 2 * height].

    Rendered at twice the size and averaged as codes, so that edges are smooth and a bright dot does not swallow its
    neighbours.
    """
    batches = (parameters[i : i + batch] for i in range(0, len(parameters), batch))
    return torch.cat([F.avg_pool2d(radiance_to_log(renderer.render(few, 2 * height)), 2).cpu() for few in batches])


def make_dataset(
    folder: Path,
    settings: Settings,
    device: torch.device,
    draw: Callable[[random.Random], SkyParameters] = sample_parameters,
) -> Panoramas:
    """Render what is still missing in *folder*, skies as *draw* gives them.

    Each shard has its own seed, so the order of work does not matter.
    """
    folder.mkdir(parents=True, exist_ok=True)
    renderer = SkyRenderer(settings.seed, device)
    for shard, start in enumerate(range(0, settings.panoramas, _SHARD)):
        file = folder / f"{shard:04d}.safetensors"
        if file.exists():
            continue
        renderer.reseed(settings.seed + shard)
        rng = random.Random(settings.seed * 100_000 + shard)
        skies = [draw(rng) for _ in range(min(_SHARD, settings.panoramas - start))]
        codes = render_codes(renderer, skies, settings.height, settings.render_batch)
        file.with_suffix(".json").write_text(json.dumps([asdict(sky) for sky in skies]), encoding="utf-8")
        save_file({"codes": codes.half()}, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)
        print(f"dataset: {start + len(skies)} of {settings.panoramas} panoramas", flush=True)
    return Panoramas(folder)
