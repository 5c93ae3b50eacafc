"""Does a prompt for one direction hold there, and not elsewhere? A table of layouts, judged by a classifier of renders.

    python -m benchmarks.directing [--model FOLDER] [--renders 400] [--steps 10] [--seed 0] [--out out/regions]

A layout is a sky with one region 120 degrees wide. The classifier (training/classifier.py) sees a quarter of the
horizon at a time, in pictures of the region's middle and of the three directions that are all outside it. It was fitted
to quarters of renders by the sky renderer; how often it is right about others stands below the table. A layout holds if
what the region's prompt asks for is found in the region and in none of the others. The skies stay in --out.
"""

import argparse
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()  # before they are imported

from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.light.transfer import radiance_to_log  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.output.pictures import read_radiance  # noqa: E402
from engine.pipeline import generate  # noqa: E402
from engine.sky import Clouds, SkyRenderer, Time, sample_parameters  # noqa: E402
from training.classifier import ATTRIBUTES, CLASSES, SkyClassifier, labels  # noqa: E402
from training.dataset import render_codes  # noqa: E402

FIT_SEED, TEST_SEED = 321, 654  # training's seeds are small numbers
HEIGHT = 64  # pixels of a panorama as the classifier sees it
REGION, QUARTER, APART = 120, 90, 115  # degrees: of a region, of what is judged, from the region to what is outside
DAY, LOW, NIGHT = (Time.NOON, Time.MORNING), (Time.GOLDEN, Time.SUNSET), (Time.NIGHT, Time.MOON)
CLEAR, STORM, GREY = (Clouds.CLEAR, Clouds.FEW, Clouds.CIRRUS), (Clouds.STORM,), (Clouds.OVERCAST,)


@dataclass(frozen=True)
class Case:
    """What is asked of everywhere and of the region around *azimuth*, and what the region is recognized by."""

    everywhere: str
    region: str
    azimuth: int
    found: tuple[Time, ...] | tuple[Clouds, ...]

    @property
    def attribute(self) -> str:
        return "time" if isinstance(self.found[0], Time) else "clouds"


CASES = (  # 270 is the seam
    Case("noon, clear sky over a meadow", "starry night over a meadow", 90, NIGHT),
    Case("noon, clear sky over the sea", "starry night over the sea", 270, NIGHT),
    Case("starry night over the desert", "noon, clear sky over the desert", 180, DAY),
    Case("starry night over snow", "sunset over snow", 45, LOW),
    Case("noon, a few clouds over the sea", "sunset over the sea", 270, LOW),
    Case("golden hour over the sea", "starry night over the sea", 315, NIGHT),
    Case("dusk over the desert", "noon, clear sky over the desert", 270, DAY),
    Case("noon, clear sky over a meadow", "storm clouds over a meadow", 135, STORM),
    Case("noon, clear sky over the sea", "storm clouds over the sea", 270, STORM),
    Case("storm clouds over the sea", "noon, clear sky over the sea", 0, CLEAR),
    Case("overcast sky over a lake", "noon, clear sky over a lake", 225, CLEAR),
    Case("noon, clear sky over snow", "overcast sky over snow", 200, GREY),
)


def quarter(codes: Tensor, azimuth: float) -> Tensor:
    """The *QUARTER* degrees around *azimuth* of panoramas ``[n, 3, h, 2 h]``."""
    width = codes.shape[3]
    middle = round((azimuth + 90) / 360 * width)
    return codes.roll(width // 2 - middle, 3)[..., width // 2 - width // 8 : width // 2 + width // 8]


def quarters(seed: int, renders: int) -> tuple[Tensor, Tensor]:
    """Quarters of random renders, one around each of four directions, and the classes of these."""
    rng = random.Random(seed)
    skies = [sample_parameters(rng) for _ in range(renders)]
    codes = render_codes(SkyRenderer(seed), skies, HEIGHT, batch=1)
    return torch.cat([quarter(codes, 90.0 * side) for side in range(4)]), labels(skies).repeat(4, 1)


def judged(codes: Tensor, case: Case, classifier: SkyClassifier) -> list[object]:
    """What is found of the attribute in the region, behind it, and to its left and right."""
    number = ATTRIBUTES.index(case.attribute)
    views = [quarter(codes, case.azimuth + turn) for turn in (0, 180, -APART, APART)]
    return [CLASSES[case.attribute][index] for index in classifier(torch.cat(views))[:, number].tolist()]


def codes_of(exr: Path) -> Tensor:
    codes = radiance_to_log(read_radiance(exr))[None]
    return torch.nn.functional.avg_pool2d(codes, codes.shape[2] // HEIGHT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=BUNDLED_MODEL)
    parser.add_argument("--renders", type=int, default=400)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "regions")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    classifier = SkyClassifier(*quarters(FIT_SEED, chosen.renders))
    seen, truth = quarters(TEST_SEED, chosen.renders // 4)
    models, held = WarmModel(), 0
    settings = {"model": chosen.model, "steps": chosen.steps, "seed": chosen.seed, "width": 512, "sun": "off"}
    print("| everywhere | region | at | in the region | elsewhere | holds |\n|---|---|---|---|---|---|", flush=True)
    for number, case in enumerate(CASES, 1):
        region = {"prompt": case.region, "azimuth": case.azimuth, "width": REGION}
        out = chosen.out / f"{number}.exr"
        *_, _result = generate(
            Job.from_dict({"prompt": case.everywhere, "regions": [region], "sampler": "multidiffusion"} | settings),
            out,
            models,
        )
        inside, *outside = judged(codes_of(out), case, classifier)
        holds = inside in case.found and not set(outside) & set(case.found)
        held += holds
        elsewhere = ", ".join(dict.fromkeys(map(str, outside)))
        row = (case.everywhere, case.region, case.azimuth, inside, elsewhere, "yes" if holds else "no")
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    shares = dict(zip(ATTRIBUTES, classifier.accuracy(seen, truth), strict=True))
    right = ", ".join(f"{name} {shares[name]:.0%}" for name in ("time", "clouds"))
    print(f"\n{held} of {len(CASES)} layouts hold. Quarters of other renders that the classifier tells: {right}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
