"""Skies per minute on a Ray cluster of one and of two workers, and what each sky costs the head and the disk.

    python -m benchmarks.ray_workers [--rows 60] [--width 256] [--steps 25]

Each cluster is a head without cores and raylets with one core each, on this machine. Timed without start-up, from the
first sky of each worker to the last sky; what the workers computed is told too, because other programs may have had the
cores meanwhile. Then, without a cluster: the head's own work on a list of 100,000 shots.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
from ray.cluster_utils import Cluster

from engine.batch.lock import locked
from engine.batch.shots import read_shots
from engine.batch.summary import Summary

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"include_dashboard": False, "object_store_memory": 100_000_000}
MANY = 100_000


def computed() -> float:
    """Processor seconds of the workers so far."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # helpers of the cluster come and go
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::Worker"):
                times = process.cpu_times()
                total += times.user + times.system
    return total


def run(workers: int, shots: Path, out: Path, more: int) -> tuple[float, float, float]:
    """Seconds until the first sky; skies per minute after it; processor seconds per sky. *more*: skies to come then."""
    cluster = Cluster(initialize_head=True, head_node_args=SMALL | {"num_cpus": 0})
    for _ in range(workers):
        cluster.add_node(num_cpus=1, **SMALL)
    command = [sys.executable, "-m", "engine", "batch", str(shots), "--out", str(out), "--ray", cluster.address]
    begun = time.perf_counter()
    first = last = cpu = 0.0
    ended = 0
    with subprocess.Popen([*command, "--events"], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["event"] == "shot":
                ended += 1
                last = time.perf_counter()
                if ended == workers:  # all are warm
                    first, cpu = last, computed()
                elif ended == more + 1:
                    cpu = computed() - cpu
    cluster.shutdown()
    after = ended - workers
    return first - begun, after / (last - first) * 60, cpu / (more + 1 - workers)


def head(folder: Path) -> list[tuple[str, float]]:
    """Seconds of the head's own work on MANY shots."""
    rows = [f'"a sky of many clouds",{seed},1024' for seed in range(MANY)]
    (folder / "many.csv").write_text("\n".join(["prompt,seed,width", *rows]), encoding="utf-8")
    found = []

    def timed(what: str, begun: float) -> None:
        found.append((what, time.perf_counter() - begun))

    begun = time.perf_counter()
    shots = read_shots(folder / "many.csv", folder / "many")
    timed("read and check the list", begun)
    begun = time.perf_counter()
    with locked(folder / "many", [shot.exr.name for shot in shots]):
        timed("lock the outputs", begun)
    begun = time.perf_counter()
    for shot in shots:
        shot.exr.is_file()
    timed("look whether they are there (local disk)", begun)
    summary = Summary(folder / "many", shots, "summary")
    begun = time.perf_counter()
    summary.save()
    timed("write the summary once", begun)
    begun = time.perf_counter()
    for shot in shots:
        summary.end(shot, "done", 1.0)
    timed("note how they ended", begun)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--steps", type=int, default=25)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shots = folder / "shots.toml"
        shots.write_text(
            f'[[shot]]\nprompt = "a storm over the sea"\nvariations = {chosen.rows}\nwidth = {chosen.width}\n'
            f'steps = {chosen.steps}\nsampler = "multidiffusion"\n',
            encoding="utf-8",
        )
        print("| workers | seconds to the first skies | skies a minute | processor seconds a sky |\n|---|---|---|---|")
        for workers in (1, 2):
            start, rate, cpu = run(workers, shots, folder / str(workers), chosen.rows - 1)
            print(f"| {workers} | {start:.1f} | {rate:.1f} | {cpu:.2f} |", flush=True)
        kinds = {"EXR": "*.exr", "PNG": "*.png", "gallery": "gallery/pictures/*"}
        sizes = {kind: sum(file.stat().st_size for file in (folder / "2").glob(what)) for kind, what in kinds.items()}
        told = ", ".join(f"{kind} {size / chosen.rows / 1e6:.2f}" for kind, size in sizes.items())
        print(f"\nMegabytes a sky of {chosen.width} x {chosen.width // 2}: {told}\n")
        print(f"| the head's work on {MANY} shots | seconds |\n|---|---|")
        for what, seconds in head(folder):
            print(f"| {what} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
