"""Skies larger than the model knows: plain enlargement beside painted detail, against true skies of that size.

    python -m benchmarks.sizes [--width 2048] [--details 0 0.5] [--prompts TEXT ...] [--seed 1] [--out out/sizes]
    python -m benchmarks.sizes --memory 2048 4096 8192 [--model FOLDER]

Waves: the amplitude of horizontal ones in five octaves, from the finest (2 to 4 pixels long) up, over that in skies of
the procedural renderer of the same kind and size, so that 1 is like them; sky is 5 to 60 degrees high, ground as much
below. Then seam ratios, also in views to the front, the zenith and the nadir, steps across a cube's edges, pole ratios
(see engine.metrics) and CPU seconds. The skies stay in --out, with views to zenith, nadir and front as PNG. --memory
(Linux): by how much a process grows in all of one generation, and how much of it are a stage's windows and canvases,
without its pictures.
"""

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

PROMPTS = {
    "golden hour over a calm sea, scattered clouds": {"elevation": 8.0, "clouds": "scattered", "ground": "sea"},
    "puffy white clouds over green fields, midday": {"elevation": 55.0, "clouds": "few", "ground": "grass"},
    "storm clouds over a grass field": {"elevation": 30.0, "clouds": "storm", "ground": "grass"},
}
_OCTAVES, _TRUE_SKIES = 5, 6
_VIEWS = ((90, 90), (90, -90), (90, 20))  # azimuth, elevation


def octaves(shown: Tensor, lowest: float, highest: float) -> Tensor:
    """Energy of horizontal waves per octave, finest first, of a picture ``[3, H, 2 H]`` between two elevations."""
    height = shown.shape[1]
    first, last = (round((90 - elevation) / 180 * height) for elevation in (highest, lowest))
    energy = torch.fft.rfft(shown.mean(0)[first:last], dim=1).abs().square().mean(0)
    ends = [len(energy) >> octave for octave in range(_OCTAVES + 1)]
    return torch.stack([energy[low:high].sum() for high, low in pairwise(ends)])


def both(shown: Tensor) -> Tensor:
    """Of sky and ground, ``[2, octaves]``."""
    return torch.stack([octaves(shown, 5, 60), octaves(shown, -60, -5)])


def truth(layout: dict, height: int) -> Tensor:
    from engine.job_parts import Layout
    from engine.light.transfer import tonemap
    from engine.start.layout import draw

    skies = (draw(Layout(seed=seed, azimuth=60.0 * seed, **layout), height) for seed in range(_TRUE_SKIES))
    return torch.stack([both(tonemap(sky)) for sky in skies]).mean(0)


def compare(chosen: argparse.Namespace) -> None:
    from engine.job import Job
    from engine.light.transfer import tonemap
    from engine.metrics import edge_ratio, pole_ratio, seam_ratio, seam_ratio_in_view
    from engine.models.loading import WarmModel
    from engine.output.pictures import read_radiance
    from engine.pipeline import generate

    chosen.out.mkdir(parents=True, exist_ok=True)
    warm = WarmModel()
    print("| sky | detail | caps | waves of the sky, fine first | of the ground | seam | seen | cube | poles | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for number, prompt in enumerate(chosen.prompts):
        true = truth(PROMPTS.get(prompt, {}), chosen.width // 2)
        for detail in chosen.details:
            for poles in (False, True):
                way = {"detail": detail, "poles": poles}
                job = Job(prompt=prompt, model=chosen.model, seed=chosen.seed, width=chosen.width, **way)
                out = chosen.out / f"{number}-{detail:g}-{'mended' if poles else 'as-it-is'}.exr"
                began = time.process_time()
                *_, result = generate(job, out, warm)
                seconds = time.process_time() - began
                radiance = read_radiance(Path(result.exr))
                shown = tonemap(radiance)
                waves = [" ".join(f"{value:.2f}" for value in row) for row in (both(shown) / true).sqrt()]
                seen = " ".join(f"{seam_ratio_in_view(shown, elevation):.2f}" for elevation in (0, 90, -90))
                zenith, nadir = pole_ratio(shown)
                print(
                    f"| {prompt} | {detail:g} | {'mended' if poles else 'as it is'} | {waves[0]} | {waves[1]} "
                    f"| {seam_ratio(shown):.2f} | {seen} | {edge_ratio(shown):.2f} | {zenith:.2f}, {nadir:.2f} "
                    f"| {seconds:.0f} |",
                    flush=True,
                )
                save_views(radiance, out.with_suffix(".views.png"))


def save_views(radiance: Tensor, path: Path) -> None:
    from engine.output.pictures import save_png
    from engine.sphere.gnomonic import View, render
    from engine.sphere.resampling import reader

    height = radiance.shape[1]
    views = [render(reader(radiance), height, View(*place, 100.0, min(640, height))) for place in _VIEWS]
    save_png(path, torch.cat(views, 2), {})


def resident(which: str) -> int:
    """Bytes that this process holds now, ``VmRSS``, or held at most since :func:`forget_peak`, ``VmHWM``."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


def forget_peak() -> None:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed would hide as much of what is taken
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): reset the peak


def measure_memory(part: str, width: int, model: str, out: Path) -> None:
    """In a process of its own: print the bytes that a *part* takes, as estimated or None, and its CPU seconds."""
    from engine.composition import encode
    from engine.devices import choose_device
    from engine.job import Job
    from engine.memory import enlarged_bytes
    from engine.models.loading import WarmModel
    from engine.pipeline import generate
    from engine.plan import plan
    from engine.precision import Precision
    from engine.refinement import Refiner
    from engine.sphere.enlarging import at_width

    warm = WarmModel()
    loaded = warm.get(model, choose_device("cpu"))
    native = 2 * loaded.native_height
    job = Job(prompt=next(iter(PROMPTS)), model=model, seed=1, steps=10, sync_steps=0, sun="off", device="cpu")
    list(generate(replace(job, width=native), out / "first.exr", warm))  # libraries allocate on their first use
    todo = plan(replace(job, width=width, base_width=width // 2, poles=False), loaded)
    refiner = Refiner(todo, loaded, encode(todo.job, loaded), Precision())
    if part == "windows":
        picture = torch.rand(3, width // 4, width // 2)
    forget_peak()
    before, began = resident("VmRSS"), time.process_time()
    if part == "windows":
        assert todo.job.detail
        for _ in refiner._refine(at_width(picture, width), todo.size[::-1], todo.job.detail, 2, None):
            pass
    else:
        list(generate(replace(job, width=width), out / f"{width}.exr", warm))
    estimate = None if part == "windows" else enlarged_bytes(width)
    taken = resident("VmHWM") - before
    if part == "windows":
        taken -= 4 * picture.nbytes  # of the result
    print(json.dumps([taken, estimate, time.process_time() - began]))


def compare_memory(chosen: argparse.Namespace) -> None:
    chosen.out.mkdir(parents=True, exist_ok=True)
    print("| part | panorama | measured | estimated | CPU s |")
    print("|---|---|---|---|---|")
    for part in ("windows", "all"):
        for width in chosen.memory:
            alone = ["--alone", part, str(width), "--model", chosen.model, "--out", str(chosen.out)]
            output = subprocess.run(
                [sys.executable, __file__, *alone], check=True, capture_output=True, text=True
            ).stdout
            measured, estimated, seconds = json.loads(output.splitlines()[-1])
            estimate = "" if estimated is None else f"{estimated / 1e6:.0f} MB"
            cells = (part, f"{width} x {width // 2}", f"{measured / 1e6:.0f} MB", estimate, f"{seconds:.0f}")
            print(f"| {' | '.join(cells)} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="sky-small")
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--details", type=float, nargs="*", default=[0.0, 0.5])
    parser.add_argument("--prompts", nargs="*", default=list(PROMPTS), choices=PROMPTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "sizes")
    parser.add_argument("--memory", type=int, nargs="*", metavar="WIDTH")
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone:
        measure_memory(chosen.alone[0], int(chosen.alone[1]), chosen.model, chosen.out)
    elif chosen.memory:
        compare_memory(chosen)
    else:
        compare(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
