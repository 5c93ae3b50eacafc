"""Fits how much a sun is dimmed by what is seen around it in a clipped picture: the weights of engine/light/dimming.py.

    python -m training.dimming [--skies 600]

Renders at two sizes are photographed at three exposures. Prints the weights, and on other renders how far the direct
share of the light is off.
"""

import argparse
import math
import random
import sys
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.light import SATURATED, direct_share, photograph, truth
from engine.light.clear_sky import CLEAR, direct_to_diffuse
from engine.light.detection import find_spot, look_around
from engine.light.dimming import measures
from engine.sky import SkyRenderer, Time, sample_parameters
from engine.sphere.equirectangular import azimuth_elevation, direction

SEEDS = {128: 1, 512: 4}  # by height: skies of their own for each
OTHER = 2  # seed of the skies that are not fitted
NEAR = 10.0  # degrees: a spot there is the sun, or the cloud before it
MOST = 4.0  # of the log odds of the direct share: what is beyond looks alike
RIDGE = 0.01


@dataclass(frozen=True)
class Example:
    """seen: its :func:`measures`. share: of direct light on level ground. clear: log of direct over diffuse light under
    a clear sky."""

    seen: Tensor
    share: float
    clear: float

    @property
    def depth(self) -> float:
        odds = math.log(self.share / (1 - self.share))
        return self.clear - max(-MOST, min(MOST, odds))


def rendered(skies: int, seed: int, height: int) -> list[Example]:
    """Of suns that are seen and found."""
    rng, renderer, examples = random.Random(seed), SkyRenderer(seed=seed), []
    for _ in range(skies):
        sky = sample_parameters(rng)
        if sky.time in (Time.DUSK, Time.NIGHT, Time.MOON):
            continue
        radiance = renderer.render([sky], height)[0]
        if truth(sky, radiance) != "sun":
            continue
        sun = direction(sky.sun_azimuth, sky.sun_elevation)
        for saturated in SATURATED:
            picture, _ = photograph(radiance, saturated)
            spot = find_spot(picture)
            if spot.kind == "sun" and float(spot.towards @ sun) > math.cos(math.radians(NEAR)):
                clear = math.log(direct_to_diffuse(azimuth_elevation(spot.towards)[1], CLEAR))
                seen = measures(look_around(picture, spot.towards))
                examples.append(Example(seen, direct_share(radiance, sun), clear))
    return examples


def fit(examples: list[Example]) -> Tensor:
    """Bias and weights ``[1 + measures]`` of ridge regression."""
    seen = torch.stack([example.seen for example in examples]).double()
    depth = torch.tensor([example.depth for example in examples], dtype=torch.float64)
    mean, spread = seen.mean(0), seen.std(0)
    columns = torch.cat([torch.ones(len(seen), 1), (seen - mean) / spread], 1)
    ridge = RIDGE * len(seen) * torch.eye(columns.shape[1], dtype=torch.float64)
    ridge[0, 0] = 0
    found = torch.linalg.solve(columns.T @ columns + ridge, columns.T @ depth)
    slopes = found[1:] / spread
    return torch.cat([found[:1] - slopes @ mean, slopes]).float()


def errors(examples: list[Example], found: Tensor) -> str:
    depths = (found[0] + torch.stack([example.seen for example in examples]) @ found[1:]).tolist()
    off = sorted(
        abs(1 / (1 + math.exp(depth - example.clear)) / example.share - 1)
        for depth, example in zip(depths, examples, strict=True)
    )
    near = sum(error < 0.25 for error in off) / len(off)
    return f"direct share off by {off[len(off) // 2]:.0%} (median), {near:.0%} within 25 %"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=600)
    chosen = parser.parse_args()
    found = fit([example for height, seed in SEEDS.items() for example in rendered(chosen.skies, seed, height)])
    print("weights", ", ".join(f"{value:.3g}" for value in found[1:].tolist()), f"bias {found[0]:.3g}", flush=True)
    for height in SEEDS:
        print(f"other renders, {height}:", errors(rendered(chosen.skies // 3, OTHER, height), found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
