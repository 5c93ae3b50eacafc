"""Skyloom beside a literal loop of SyncDiffusion's Algorithm 1: same weights, windows, steps and starting noise.

    python -m benchmarks.synchronization [--model FOLDER] [--width 256] [--steps N] [--rounds 1] [--device cpu]
        [--half] [--prompts TEXT ...] [--seeds 0 ...]

All steps synchronized in the first three rows, which leave the poles as painted; the last is what a user gets who asks
for nothing. The second calls network, decoder and LPIPS as the loop does, a window at a time, so that its latents show
whether the algorithm is the same; in the third Skyloom calls them its own way. Latents are compared with the literal
loop's, coherence is measured by the paper's protocol. --half: ours in half precision, and on a GPU the loop too, under
PyTorch's autocast. On a CPU the seconds are those of this process.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()  # before they are imported

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from benchmarks import same_calls  # noqa: E402
from benchmarks.algorithm_1 import Algorithm1  # noqa: E402
from engine.devices import choose_device  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.metrics import intra_distances  # noqa: E402
from engine.models.folder import find_model  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.models.model import Model  # noqa: E402
from engine.perceptual.style_distance import StyleDistance  # noqa: E402
from engine.pipeline import generate  # noqa: E402
from engine.plan import Plan, plan  # noqa: E402
from engine.trace import starting_noise  # noqa: E402

LITERAL, SAME_CALLS = "Algorithm 1, literally", "Skyloom's sampler, the loop's calls"
ALL_STEPS, PRESET = "Skyloom, all steps synchronized", "Skyloom, default preset"
Made = tuple[torch.Tensor, torch.Tensor]  # final latents [1, C, h, W] and the picture [3, H, W] in [0, 1]


@dataclass
class Row:
    seconds: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    relative: list[float] = field(default_factory=list)
    lpips: list[float] = field(default_factory=list)
    style: list[float] = field(default_factory=list)


def looped(run: Callable[..., torch.Tensor], loop: Algorithm1, model: Model, todo: Plan) -> Made:
    """*run*: the loop itself, or Skyloom's sampler in its place."""
    job = todo.job
    noise = starting_noise(None, (1, model.channels, *todo.canvas), job.seed)
    calls = loop.calls(job.prompt, job.steps, job.guidance)
    latents = run(loop, calls, noise, todo.windows, job.sync_weight, job.sync_decay).float()
    with torch.no_grad():  # painted as ours is, so that coherence is compared and not decoders
        picture = model.finish(model.paint(latents, wraps=True)[0], wraps=True)
    return latents, model.transfer.to_display(picture).clamp(0, 1)


def skyloom(warm: WarmModel, job: Job) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        out, trace = Path(folder) / "sky.exr", Path(folder) / "trace.safetensors"
        *_, result = generate(job, out, warm, trace)
        tensors = load_file(trace)
        return tensors[f"latent_{result.job['steps']}"], tensors["image"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=BUNDLED_MODEL)
    parser.add_argument("--width", type=int)
    parser.add_argument("--steps", type=int, help="of the first two rows (default: the model's own)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--prompts", nargs="+", default=["golden hour over a calm sea, scattered clouds"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    chosen = parser.parse_args()
    device = choose_device(chosen.device)
    warm = WarmModel()
    model = warm.get(chosen.model, device)
    loop = Algorithm1(str(find_model(chosen.model).path), model.transfer, device)
    vgg = warm.perceptual.lpips("vgg", device)
    distances = (vgg, StyleDistance(vgg.network))
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    precision = "half" if chosen.half else "full"
    autocast = partial(torch.autocast, device.type, torch.float16, enabled=chosen.half and device.type != "cpu")
    rows = {name: Row() for name in (LITERAL, SAME_CALLS, ALL_STEPS, PRESET)}
    for prompt in chosen.prompts:
        for seed in chosen.seeds:
            preset = Job(
                prompt=prompt,
                model=chosen.model,
                width=chosen.width,
                seed=seed,
                device=chosen.device,
                precision=precision,
                layout="none",
            )
            steps = chosen.steps or model.steps
            todo = plan(
                Job(
                    **preset.to_dict()
                    | {"solver": "ddim", "steps": steps, "sync_steps": steps, "sync_windows": "all", "poles": False}
                ),
                model,
            )
            contestants: dict[str, Callable[[], Made]] = {
                LITERAL: autocast()(partial(looped, Algorithm1.run, loop, model, todo)),
                SAME_CALLS: autocast()(partial(looped, same_calls.run, loop, model, todo)),
                ALL_STEPS: lambda todo=todo: skyloom(warm, todo.job),
                PRESET: lambda preset=preset: skyloom(warm, preset),
            }
            for _ in range(chosen.rounds):
                theirs = None
                for name, contestant in contestants.items():
                    started = clock()
                    latents, picture = contestant()
                    rows[name].seconds.append(clock() - started)
                    theirs = latents.cpu() if theirs is None else theirs
                    apart = latents.cpu() - theirs
                    rows[name].largest.append(apart.abs().max().item())
                    rows[name].relative.append((apart.norm() / theirs.norm()).item())
                    lpips, style = intra_distances(picture.float().to(device), distances)
                    rows[name].lpips.append(lpips)
                    rows[name].style.append(style)
    made = f"{Path(chosen.model).name}, {todo.size[0]} x {todo.size[1]}, {steps} steps"
    print_table(rows, f"{made}, {chosen.device}, {precision} precision")
    return 0


def print_table(rows: dict[str, Row], title: str) -> None:
    literal = rows[LITERAL]
    print(f"{title}, median of {len(literal.seconds)} runs, intra distances as means\n")
    print("| | seconds | ratio | difference of latents, relative | largest | intra-LPIPS | intra-style |")
    print("|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        seconds = statistics.median(row.seconds)
        apart = f"{max(row.relative):.1e} | {max(row.largest):.1e}" if name in (SAME_CALLS, ALL_STEPS) else "- | -"
        print(
            f"| {name} | {seconds:.2f} | {seconds / statistics.median(literal.seconds):.2f} | {apart} "
            f"| {statistics.mean(row.lpips):.4f} | {statistics.mean(row.style):.3g} |"
        )


if __name__ == "__main__":
    sys.exit(main())
