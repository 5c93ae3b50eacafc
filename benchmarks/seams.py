"""Whether the wrap shows in views of skies as Skyloom makes them: many skies of a kind, since one says little.

    python -m benchmarks.seams [--skies 12] [--width 1024] [--out out/seams] [PROMPT ...]

A line from the horizon to the nadir crosses a few waves or dunes, so its gradient over that of other lines, the seam
ratio (see engine.metrics.seam_ratio_in_view), is far from 1 with or without a seam. A seam is where its mean is. So for
views to the front, the zenith and the nadir: the mean ratio and its standard error, the range, which share of the other
places has a smaller gradient (0.5 where the wrap is any place), and the mean ratio to places within 9 degrees, as what
stands at the wrap in all skies of a kind, such as the Milky Way, is there as well. The skies stay in --out.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()

import torch  # noqa: E402

from engine.job import Job  # noqa: E402
from engine.light.transfer import tonemap  # noqa: E402
from engine.metrics import gradients_in_view  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.output.pictures import read_radiance  # noqa: E402
from engine.pipeline import generate  # noqa: E402

PROMPTS = (
    "golden hour over a calm sea, scattered clouds",
    "noon over a meadow, a few clouds",
    "golden hour over a desert",
    "starry night over the sea",
    "moonlit night over snow",
)
VIEWS = {"front": 0, "zenith": 90, "nadir": -90}
PLACES = 36
NEAR = (-9, -7, -5, -3, 3, 5, 7, 9)  # degrees from the wrap


def measure(prompt: str, chosen: argparse.Namespace, warm: WarmModel) -> dict[str, torch.Tensor]:
    """Of each view, the gradients ``[skies, PLACES + len(NEAR)]``: the wrap's, others', those near it."""
    gradients: dict[str, list[torch.Tensor]] = {name: [] for name in VIEWS}
    degrees = [*(360 * turn / PLACES for turn in range(PLACES)), *NEAR]
    places = [round(turn * chosen.width / 360) % chosen.width for turn in degrees]
    for seed in range(chosen.skies):
        out = chosen.out / f"{prompt.replace(' ', '-')}-{seed}.exr"
        *_, result = generate(Job(prompt=prompt, seed=seed, width=chosen.width, sync_steps=0), out, warm)
        shown = tonemap(read_radiance(Path(result.exr)))
        for name, elevation in VIEWS.items():
            gradients[name].append(gradients_in_view(shown, elevation, places))
    return {name: torch.stack(some) for name, some in gradients.items()}


def in_a_row(name: str, gradients: torch.Tensor) -> str:
    wrap, others, near = gradients.split([1, PLACES - 1, len(NEAR)], 1)
    ratios = (wrap / others.mean(1, keepdim=True)).flatten()
    less = (others < wrap).float().mean()
    beside = (wrap / near.mean(1, keepdim=True)).flatten()
    spread = f"{ratios.min():.2f} to {ratios.max():.2f}"
    return f"| {name} | {_mean(ratios)} | {spread} | {less:.2f} | {_mean(beside)} |"


def _mean(ratios: torch.Tensor) -> str:
    return f"{ratios.mean():.2f} ± {ratios.std() / len(ratios) ** 0.5:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", nargs="*", default=PROMPTS)
    parser.add_argument("--skies", type=int, default=12)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "seams")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    warm, every = WarmModel(), []
    print("| sky, view | seam ratio, mean | range | others with less | to near places, mean |\n|---|---|---|---|---|")
    for prompt in chosen.prompts:
        every.append(measure(prompt, chosen, warm))
        for name, gradients in every[-1].items():
            print(in_a_row(f"{prompt}, {name}", gradients), flush=True)
    for name in VIEWS:
        print(in_a_row(f"all, {name}", torch.cat([some[name] for some in every])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
