"""Skies a minute of a batch whose rows are made one by one and side by side, and how far the pictures differ.

    python -m benchmarks.rows_together [--device cuda] [--model sky-small] [--rows 32] [--width 512] [--together 2 4 8]

After one by one: each number of --together, or as many as the engine itself takes, its trials counted as well. The
load of the model is not counted. The difference is the largest of all pixels, of values from 0 to 1 in the PNG.
"""

import argparse
import tempfile
import time
from pathlib import Path

from engine.quiet import silence_libraries

silence_libraries()
from engine.batch.crew import Alone, Outcome  # noqa: E402
from engine.batch.shots import Shot, read_shots  # noqa: E402
from engine.start.reading import read_display  # noqa: E402


def rate(shots: list[Shot], together: int | None) -> float:
    """Skies a minute, not counting the first, of another kind, with which all is loaded."""
    ended = []
    for shot, state in Alone(together).make(shots, shots[0].exr.parent):
        if isinstance(state, Outcome):
            assert state.status == "done", f"{shot.exr.name}: {state.message}"
            ended.append(time.perf_counter())
    return (len(ended) - 1) / (ended[-1] - ended[0]) * 60


def difference(one: Shot, other: Shot) -> float:
    pictures = [read_display(shot.exr.with_suffix(".png")) for shot in (one, other)]
    return float((pictures[0] - pictures[1]).abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--model", default="sky-small")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--sampler", default="multidiffusion")
    parser.add_argument("--together", type=int, nargs="+", default=[None])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shots.toml").write_text(
            f'[defaults]\nmodel = "{chosen.model}"\nwidth = {chosen.width}\nsampler = "{chosen.sampler}"\n'
            f'device = "{chosen.device}"\nsteps = {chosen.steps}\nprompt = "a storm over the sea"\n'
            f"[[shot]]\nsteps = 1\nseed = {chosen.rows}\n[[shot]]\nvariations = {chosen.rows}\n",
            encoding="utf-8",
        )
        alone: list[Shot] = []
        print("| side by side | skies a minute | largest difference |\n|---|---|---|")
        for together in (1, *chosen.together):
            shots = read_shots(folder / "shots.toml", folder / str(together))
            found = rate(shots, together)
            alone = alone or shots
            apart = max(difference(one, other) for one, other in zip(shots, alone, strict=True))
            print(f"| {together or 'as many as suit it'} | {found:.1f} | {apart:.4f} |", flush=True)


if __name__ == "__main__":
    main()
