"""Seconds and peak memory of one generation, beside diffusers' panorama pipeline: same weights, windows and steps.

    python benchmarks/generation.py [--model FOLDER] [--steps 6] [--rounds 3] [--device cpu]

Every run is a process of its own, the contestants take turns, and the table gives medians and ratios within this run.
diffusers' windows are fixed at 64 latents every 8, so that is what all use; the panorama is 128 latents wide.
It also counts on 8 pixels a latent, as Stable Diffusion has and sky-small has not. It mends no poles, so one row of
ours does not either; all of ours light the panorama and write its files, which a few steps make look dear.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PROMPT, GUIDANCE, WINDOW, STRIDE, COLUMNS = "golden hour over a calm sea", 7.5, 64, 8, 128


def diffusers_panorama(model: str, steps: int, device: str) -> float:
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPanoramaPipeline

    pipeline = StableDiffusionPanoramaPipeline.from_pretrained(
        model,
        dtype=torch.float32 if device == "cpu" else torch.float16,  # as Skyloom, however the weights are stored
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).to(device)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    width = COLUMNS * pipeline.vae_scale_factor
    started = time.perf_counter()
    pipeline(
        PROMPT,
        height=width // 2,
        width=width,
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
        circular_padding=True,
        generator=torch.Generator().manual_seed(0),
    )
    return time.perf_counter() - started


def skyloom(model: str, steps: int, device: str, **ways: Any) -> float:
    from engine.devices import choose_device
    from engine.job import Job
    from engine.models.loading import WarmModel
    from engine.pipeline import generate

    warm = WarmModel()
    width = COLUMNS * warm.get(model, choose_device(device)).factor
    job = Job(
        prompt=PROMPT,
        model=model,
        width=width,
        steps=steps,
        guidance=GUIDANCE,
        window=WINDOW,
        stride=STRIDE,
        seed=0,
        device=device,
        **ways,
    )
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for _ in generate(job, Path(folder) / "sky.exr", warm):
            pass
        return time.perf_counter() - started


CONTESTANTS = {
    "diffusers panorama": diffusers_panorama,
    "Skyloom, no sync, poles as painted": lambda *settings: skyloom(*settings, sampler="multidiffusion", poles=False),
    "Skyloom, no sync": lambda *settings: skyloom(*settings, sampler="multidiffusion"),
    "Skyloom, default preset": lambda *settings: skyloom(*settings),
}


def run_alone(name: str, model: str, steps: int, device: str) -> None:
    """In a process of its own: print the seconds of one warm generation and the process's peak memory."""
    from engine.quiet import silence_libraries

    silence_libraries()
    seconds = CONTESTANTS[name](model, steps, device)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if device.startswith("cuda"):
        import torch

        peak = torch.cuda.max_memory_allocated()
    print(json.dumps({"seconds": seconds, "bytes": peak}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "tests" / "models" / "nano-sd1"))
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--alone", choices=CONTESTANTS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone:
        run_alone(chosen.alone, chosen.model, chosen.steps, chosen.device)
        return 0
    settings = ["--model", chosen.model, "--steps", str(chosen.steps), "--device", chosen.device]
    runs: dict[str, list[dict]] = {name: [] for name in CONTESTANTS}
    for _ in range(chosen.rounds):
        for name, results in runs.items():
            command = [sys.executable, __file__, *settings, "--alone", name]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            results.append(json.loads(output.splitlines()[-1]))
    median = {name: statistics.median(run["seconds"] for run in results) for name, results in runs.items()}
    peer = median["diffusers panorama"]
    print(f"{Path(chosen.model).name}, {chosen.steps} steps, {chosen.device}, median of {chosen.rounds} rounds\n")
    print("| | seconds | min to max | ratio to diffusers | peak memory |")
    print("|---|---|---|---|---|")
    for name, results in runs.items():
        seconds = sorted(run["seconds"] for run in results)
        memory = max(run["bytes"] for run in results) / 1e9
        print(
            f"| {name} | {median[name]:.2f} | {seconds[0]:.2f} to {seconds[-1]:.2f} "
            f"| {median[name] / peer:.2f} | {memory:.2f} GB |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
