"""What torch.compile and CUDA graphs are worth for the network, and how long they keep the first picture waiting.

    python -m benchmarks.compiled [--device cuda] [--model FOLDER] [--precision half]

One denoising step of all windows of a composition, as the engine takes it. On a CPU, torch.compile needs a compiler.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.accelerator import network_type, one_step, quickest, waited  # noqa: E402
from engine.devices import choose_device  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402

WAYS = {"as it is": None, "torch.compile": "default", "torch.compile with CUDA graphs": "reduce-overhead"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--model", default=BUNDLED_MODEL)
    parser.add_argument("--precision", choices=("auto", "full", "half"), default="auto")
    chosen = parser.parse_args()
    device = choose_device(chosen.device)
    job = Job(
        prompt="a sky", model=chosen.model, seed=0, device=chosen.device, precision=chosen.precision, layout="none"
    )
    print(f"{Path(chosen.model).name}, {device}\n")
    print("| the network | first step, seconds | later, seconds |\n|---|---|---|")
    for name, mode in WAYS.items():
        if mode == "reduce-overhead" and device.type != "cuda":
            continue
        model = WarmModel().get(chosen.model, device)
        if mode:
            model._network.compile(mode=mode)
        step, _, _ = one_step(model, job, network_type(model, job))
        began = waited(device)
        step()
        print(f"| {name} | {waited(device) - began:.2f} | {quickest(device, step):.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
