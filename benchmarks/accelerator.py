"""How busy a device is kept: the network's share of the rate of matrix products, peak memory, seconds against size.

    python -m benchmarks.accelerator [--device cuda] [--model FOLDER] [--widths 1024 2048 4096] [--steps 10]

For Stable Diffusion's shapes, random weights serve: `python -m benchmarks.shape out/sd2-shape`. The rate is that of one
large product in the type that the network computes in; PyTorch counts the floating-point operations of one denoising
step of all windows. Panoramas are as the engine makes them, without synchronization: composed at the model's own size,
then enlarged in stages; if time goes in a straight line with their area, seconds per megapixel stay the same. Memory is
CUDA's; of a CPU's, see `benchmarks.memory` and `benchmarks.sizes`, which have a process for each size.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()

import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from engine.composition import denoisers, encode  # noqa: E402
from engine.devices import choose_device  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.models.model import Model  # noqa: E402
from engine.pipeline import generate  # noqa: E402
from engine.plan import plan  # noqa: E402
from engine.precision import Precision, half_type  # noqa: E402
from engine.trace import starting_noise  # noqa: E402

_SIDE, _SIDE_ACCELERATOR = 2048, 8192  # of the matrices
_ROUNDS = 5


def waited(device: torch.device) -> float:
    """Seconds, when all that was begun on *device* is done."""
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()
    return time.perf_counter()


def quickest(device: torch.device, call: Callable[[], object]) -> float:
    """Seconds of the quickest of a few calls, after one that brings its own set-up."""
    call()
    seconds = []
    for _ in range(_ROUNDS):
        began = waited(device)
        call()
        seconds.append(waited(device) - began)
    return min(seconds)


def rate_of_products(device: torch.device, kind: torch.dtype) -> float:
    """Floating-point operations a second of a product of two large matrices."""
    side = _SIDE if device.type == "cpu" else _SIDE_ACCELERATOR
    a, b = (torch.randn(side, side, device=device, dtype=kind) for _ in "ab")
    return 2 * side**3 / quickest(device, lambda: a @ b)


def network_type(model: Model, job: Job) -> torch.dtype | None:
    """The 16-bit type that the network computes in; None for float32."""
    return half_type(model.device, model.half) if plan(job, model).job.precision == "half" else None


def one_step(model: Model, job: Job, half: torch.dtype | None) -> tuple[Callable[[], None], int, int]:
    """What denoises all windows of a composition once; how many there are, and in a call."""
    todo = plan(job, model)
    assert todo.job.seed is not None and todo.job.solver is not None and todo.job.steps is not None
    (denoise,) = denoisers(todo, model, encode(todo.job, model), Precision(half))
    noise = starting_noise(None, (1, model.channels, *todo.canvas), todo.job.seed).to(model.device)
    windows, every = todo.windows.gather(noise), torch.arange(len(todo.windows), device=model.device)
    window = todo.canvas[0], todo.windows.columns.shape[1]
    solver = model.solver(todo.job.solver, todo.job.steps, window, torch.Generator())

    @torch.no_grad()
    def step() -> None:
        denoise(windows, solver.levels[len(solver.levels) // 2], every)

    return step, len(every), todo.call


def rate(device: torch.device, step: Callable[[], None]) -> float:
    """Floating-point operations a second."""
    with FlopCounterMode(display=False) as counted:
        step()
    return counted.get_total_flops() / quickest(device, step)


def peak_and_seconds(job: Job, warm: WarmModel, device: torch.device, out: Path) -> tuple[str, float]:
    """The most memory that a generation takes of a CUDA device, in words, and its seconds."""
    accelerated = device.type == "cuda"
    if accelerated:
        torch.cuda.reset_peak_memory_stats()
    began = waited(device)
    list(generate(job, out, warm))
    seconds = waited(device) - began
    return f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB" if accelerated else "-", seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--model", default=BUNDLED_MODEL)
    parser.add_argument("--widths", type=int, nargs="+", default=[1024, 2048, 4096])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--precision", choices=("auto", "full", "half"), default="auto")
    chosen = parser.parse_args()
    device, warm = choose_device(chosen.device), WarmModel()
    job = Job(
        prompt="golden hour over a calm sea",
        model=chosen.model,
        seed=0,
        device=chosen.device,
        precision=chosen.precision,
        steps=chosen.steps,
        sync_steps=0,
        layout="none",
        sun="off",
    )
    began = waited(device)
    model = warm.get(chosen.model, device)
    loaded = waited(device) - began
    half = network_type(model, job)
    kind = half or torch.float32
    step, windows, call = one_step(model, job, half)
    products, network = rate_of_products(device, kind), rate(device, step)
    print(f"{Path(chosen.model).name}, {device}, {kind}, {chosen.steps} steps, loaded in {loaded:.1f} s\n")
    print(
        f"Products {products / 1e12:.2f} TFLOP/s; {windows} windows, {call} in a call, {network / 1e12:.2f} TFLOP/s: "
    )
    print(f"**{network / products:.0%}** of that rate.\n")
    print("| panorama | first, seconds | later, seconds | seconds per megapixel | peak memory |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for width in chosen.widths:
            sized = Job(**job.to_dict() | {"width": width})
            _, first = peak_and_seconds(sized, warm, device, Path(folder) / "first.exr")
            peak, later = peak_and_seconds(sized, warm, device, Path(folder) / "later.exr")
            area = width * width / 2e6
            print(f"| {width} x {width // 2} | {first:.1f} | {later:.1f} | {later / area:.2f} | {peak} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
