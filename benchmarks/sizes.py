"""Skies larger than the composition, beside true skies of that size and beside the composition.

    python -m benchmarks.sizes [--widths 1024 2048 4096] [--details 0 0.5] [--prompts TEXT ...] [--seeds 1] [--out DIR]
    python -m benchmarks.sizes --memory 2048 4096 8192 [--model FOLDER]

Seam ratios, also in views to the front, the zenith and the nadir, steps across a cube's edges, pole ratios and
coherence (see engine.metrics; coherence of the picture at 1024 pixels). Waves: the amplitude of horizontal ones in five
octaves, from the finest (2 to 4 pixels long) up, over that in skies of the procedural renderer of the same kind and
size, so that 1 is like them; sky is 5 to 60 degrees high, ground as much below. The skies stay in --out, with views to
zenith, nadir and front as PNG. --memory (Linux): by how much a process grows in a stage, denoised or upscaled, with and
without poles, beside its result, and in all of one generation. The C library keeps much of what is freed for later;
"freed at once" is without that.
"""

import argparse
import ctypes
import gc
import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from engine.refinement import Refining  # noqa: E402

PROMPTS = {
    "golden hour over a calm sea, scattered clouds": {"elevation": 8.0, "clouds": "scattered", "ground": "sea"},
    "puffy white clouds over green fields, midday": {"elevation": 55.0, "clouds": "few", "ground": "grass"},
    "storm clouds over a grass field": {"elevation": 30.0, "clouds": "storm", "ground": "grass"},
}
_OCTAVES, _TRUE_SKIES = 5, 6
_GIVEN_BACK = "1048576"  # bytes: what is larger than that goes back to the system as soon as it is freed
_SEEN = 1024  # pixels of width at which coherence is measured: how far apart two crops are depends on their size
COLUMNS = {  # and how many values each has
    "seam": 1,
    "seam in views": 3,
    "cube": 1,
    "poles": 2,
    "intra-LPIPS": 1,
    "intra-style": 1,
    "waves of the sky, fine first": _OCTAVES,
    "of the ground": _OCTAVES,
    "CPU s per megapixel": 1,
}
_STAGES = ("stage", "stage with poles", "upscaled stage", "upscaled stage with poles")
_VIEWS = ((90, 90), (90, -90), (90, 20))  # azimuth, elevation


def octaves(shown: Tensor, lowest: float, highest: float) -> Tensor:
    """Energy of horizontal waves per octave, finest first, of a picture ``[3, H, 2 H]`` between two elevations."""
    height = shown.shape[1]
    first, last = (round((90 - elevation) / 180 * height) for elevation in (highest, lowest))
    energy = torch.fft.rfft(shown.mean(0)[first:last], dim=1).abs().square().mean(0)
    ends = [len(energy) >> octave for octave in range(_OCTAVES + 1)]
    return torch.stack([energy[low:high].sum() for high, low in itertools.pairwise(ends)])


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
    from engine.models.loading import WarmModel
    from engine.output.pictures import read_radiance
    from engine.pipeline import generate

    chosen.out.mkdir(parents=True, exist_ok=True)
    warm, rows = WarmModel(), {}
    print(f"| sky | {' | '.join(COLUMNS)} |\n|{'---|' * (1 + len(COLUMNS))}")
    for number, prompt in enumerate(chosen.prompts):
        for width, detail in itertools.product(chosen.widths, chosen.details or [None]):
            true = truth(PROMPTS.get(prompt, {}), width // 2)
            for seed in chosen.seeds:
                asked = {"model": chosen.model, "seed": seed, "width": width, "detail": detail}
                job = Job(prompt=prompt, layout="none", **asked)
                way = f"{width}" if detail is None else f"{width}, detail {detail:g}"
                out = chosen.out / f"{number}-{seed}-{way.replace(', detail ', '-')}.exr"
                began = time.process_time()
                *_, result = generate(job, out, warm)
                seconds = time.process_time() - began
                radiance = read_radiance(Path(result.exr))
                row = measures(tonemap(radiance), true, seconds)
                rows.setdefault(way, []).append(row)
                print(in_a_row(f"{prompt}, seed {seed}, {way}", row), flush=True)
                save_views(radiance, out.with_suffix(".views.png"))
    for way, some in rows.items():
        print(in_a_row(f"all, {way}", torch.stack(some).mean(0)))


def measures(shown: Tensor, true: Tensor, seconds: float) -> Tensor:
    """All of a sky as a viewer sees it. true: see :func:`truth`."""
    from engine.metrics import edge_ratio, intra_distances, pole_ratio, seam_ratio, seam_ratio_in_view
    from engine.perceptual.library import PerceptualLibrary
    from engine.perceptual.style_distance import StyleDistance
    from engine.sphere.enlarging import shrunk

    vgg = PerceptualLibrary().lpips("vgg", torch.device("cpu"))
    small = shrunk(shown, min(_SEEN, shown.shape[2]))
    coherence = intra_distances(small.clamp(0, 1), [vgg, StyleDistance(vgg.network)])
    seen = [seam_ratio_in_view(shown, elevation) for elevation in (0, 90, -90)]
    waves = (both(shown) / true).sqrt().flatten().tolist()
    megapixels = shown.shape[1] * shown.shape[2] / 1e6
    values = [seam_ratio(shown), *seen, edge_ratio(shown), *pole_ratio(shown), *coherence, *waves]
    return torch.tensor([*values, seconds / megapixels])


def in_a_row(name: str, row: Tensor) -> str:
    cells = (" ".join(f"{value:.3g}" for value in some) for some in row.split(list(COLUMNS.values())))
    return f"| {name} | {' | '.join(cells)} |"


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
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): reset the peak


def taken_by_stage(refining: Refining, last: int, result: int) -> int:
    """The most bytes that *refining*, of *last* steps, holds beside its *result*, whose bytes count as soon as windows
    are decoded into it and not before."""
    before, most, made, steps = resident("VmRSS"), 0, 0, 0
    for beat in itertools.chain(refining, [None]):
        most = max(most, resident("VmHWM") - before - made)
        forget_peak()
        steps += beat is not None and beat.x0 is not None
        made = result if steps == last else 0
    return most


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

    warm = WarmModel()
    loaded = warm.get(model, choose_device("cpu"))
    native = 2 * loaded.native_height
    job = Job(prompt=next(iter(PROMPTS)), model=model, seed=1, steps=10, sync_steps=0, sun="off", device="cpu")
    list(generate(replace(job, width=native), out / "first.exr", warm))  # libraries allocate on their first use
    how = {"detail": 0.0} if "upscaled" in part else {}  # by the model's own upscaler
    todo = plan(replace(job, width=width, base_width=width // 4, poles="poles" in part, **how), loaded)
    refiner = Refiner(todo, loaded, encode(todo.job, loaded), Precision())
    picture = torch.rand(3, width // 4, width // 2) if part != "all" else None
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed would hide as much of what is taken
    forget_peak()
    before, began, estimate = resident("VmRSS"), time.process_time(), None
    if picture is not None:
        (stage,) = todo.stages
        taken = taken_by_stage(refiner.enlarge(picture, stage, None), stage.steps, 4 * picture.nbytes)
    else:
        list(generate(replace(job, width=width), out / f"{width}.exr", warm))
        estimate, taken = enlarged_bytes(width), resident("VmHWM") - before
    print(json.dumps([taken, estimate, time.process_time() - began]))


def compare_memory(chosen: argparse.Namespace) -> None:
    chosen.out.mkdir(parents=True, exist_ok=True)
    print("| part | panorama | measured | estimated | CPU s |")
    print("|---|---|---|---|---|")
    at_once = {"MALLOC_MMAP_THRESHOLD_": _GIVEN_BACK}
    runs = [(part, at_once) for part in _STAGES] + [(_STAGES[0], {}), ("all", {})]
    for part, allocator in runs:
        name = f"{part}, freed at once" if allocator else part
        for width in chosen.memory:
            wanted = [part, str(width), "--model", chosen.model, "--out", str(chosen.out)]
            alone = [sys.executable, __file__, "--alone", *wanted]
            done = subprocess.run(alone, check=True, capture_output=True, text=True, env=os.environ | allocator)
            measured, estimated, seconds = json.loads(done.stdout.splitlines()[-1])
            estimate = "" if estimated is None else f"{estimated / 1e6:.0f} MB"
            cells = (name, f"{width} x {width // 2}", f"{measured / 1e6:.0f} MB", estimate, f"{seconds:.0f}")
            print(f"| {' | '.join(cells)} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="sky-small")
    parser.add_argument("--widths", type=int, nargs="*", default=[1024, 2048, 4096])
    parser.add_argument("--details", type=float, nargs="*", help="default: the model's own")
    parser.add_argument("--prompts", nargs="*", default=list(PROMPTS), choices=PROMPTS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
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
