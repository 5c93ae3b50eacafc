"""Fits what tells a sun in a clipped picture: the weights of engine/light/likeness.py.

    python -m training.likeness [--skies 400] [--hdris FOLDER --lit NAME ...]

Renders, and HDR panoramas (EXR) if there is a folder of them, are photographed at three exposures; --lit names those in
which a sun is seen. A photograph counts as much as six renders. Prints the weights, the errors on other renders, and
those on photographs of a scene that the fit has not seen.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.light import SATURATED, photograph, truth
from engine.light.detection import look_around, most_striking
from engine.light.likeness import features
from engine.output.pictures import read_radiance
from engine.sky import SkyRenderer, sample_parameters
from engine.sphere.enlarging import resized
from engine.sphere.equirectangular import degrees_from, direction

HEIGHT = 128
PHOTOGRAPH = 6.0  # renders that one counts as
NEAR = 5.0  # degrees: a spot there is the sun's
RIDGE = 4e-3
NEWTON_STEPS = 25


@dataclass(frozen=True)
class Example:
    """scene: what must not be both fitted and tested. seen: its :func:`features`. sun: what it is."""

    scene: str
    seen: Tensor
    sun: bool


def rendered(skies: int, seed: int) -> list[Example]:
    """Without those whose sun is there but dim, which are neither, or that stand out less than something else."""
    rng, renderer, examples = random.Random(seed), SkyRenderer(seed=seed), []
    for number in range(skies):
        sky = sample_parameters(rng)
        radiance = renderer.render([sky], HEIGHT)[0]
        kind = truth(sky, radiance)
        for saturated in SATURATED:
            towards, seen = striking(photograph(radiance, saturated)[0])
            near = degrees_from(towards, direction(sky.sun_azimuth, sky.sun_elevation)).item() < NEAR
            if kind == "moon" or near == (kind == "sun"):
                examples.append(Example(f"{seed}-{number}", seen, kind == "sun"))
    return examples


def striking(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The direction ``[3]`` of the spot that stands out most, and its :func:`features`."""
    towards, contrast = most_striking(picture)
    return towards, features(look_around(picture, towards), contrast)


def photographed(folder: Path, lit: Sequence[str]) -> list[Example]:
    examples = []
    for file in sorted(folder.glob("*.exr")):
        radiance = resized(read_radiance(file).clamp(min=0), 4 * HEIGHT)
        for saturated in SATURATED:
            _, seen = striking(photograph(radiance, saturated)[0])
            examples.append(Example(file.stem, seen, file.stem in lit))
    return examples


def fit(examples: Sequence[Example], weights: Sequence[float]) -> Tensor:
    """Bias and weights ``[1 + features]`` of ridge logistic regression, by Newton's method."""
    seen = torch.stack([example.seen for example in examples]).double()
    sun = torch.tensor([example.sun for example in examples], dtype=torch.float64)
    counts = torch.tensor(weights, dtype=torch.float64)
    counts /= counts.sum()
    mean, spread = seen.mean(0), seen.std(0)
    columns = torch.cat([torch.ones(len(seen), 1), (seen - mean) / spread], 1)
    ridge = RIDGE * torch.eye(columns.shape[1], dtype=torch.float64)
    ridge[0, 0] = 0
    found = torch.zeros(columns.shape[1], dtype=torch.float64)
    for _ in range(NEWTON_STEPS):
        chance = torch.sigmoid(columns @ found)
        curvature = (columns * (counts * chance * (1 - chance))[:, None]).T @ columns + ridge
        found -= torch.linalg.solve(curvature, columns.T @ (counts * (chance - sun)) + ridge @ found)
    slopes = found[1:] / spread
    return torch.cat([found[:1] - slopes @ mean, slopes]).float()


def errors(examples: Sequence[Example], found: Tensor) -> str:
    suns = [example.sun for example in examples]
    taken = [(example.seen @ found[1:] + found[0]).item() > 0 for example in examples]
    missed = sum(sun and not took for sun, took in zip(suns, taken, strict=True))
    invented = sum(took and not sun for sun, took in zip(suns, taken, strict=True))
    return f"{missed} of {sum(suns)} suns missed, {invented} of {len(suns) - sum(suns)} invented"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=400)
    parser.add_argument("--hdris", type=Path, metavar="FOLDER", help="HDR panorama photographs, as EXR")
    parser.add_argument("--lit", nargs="+", default=[], metavar="NAME", help="those in which a sun is seen")
    chosen = parser.parse_args()
    renders = rendered(chosen.skies, seed=1)
    photographs = photographed(chosen.hdris, chosen.lit) if chosen.hdris else []
    every = renders + photographs
    counts = [1.0] * len(renders) + [PHOTOGRAPH] * len(photographs)
    found = fit(every, counts)
    print("weights", ", ".join(f"{value:.3g}" for value in found[1:].tolist()), f"bias {found[0]:.3g}")
    print("other renders:", errors(rendered(chosen.skies // 2, seed=2), found))
    for scene in sorted({example.scene for example in photographs}):
        rest = [(example, count) for example, count in zip(every, counts, strict=True) if example.scene != scene]
        unseen = [example for example in photographs if example.scene == scene]
        print(f"{scene}:", errors(unseen, fit(*zip(*rest, strict=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
