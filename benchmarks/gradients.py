"""The synchronization gradient of one window: where its time goes, and what cheaper gradients are worth.

    python -m benchmarks.gradients [--model FOLDER]

CPU time of this process, so that other programs disturb it little. The cosines are to the exact float32 gradient.
"All in bfloat16" is PyTorch's autocast, "only the backward pass" what --precision half has (engine/half_backward.py).
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()  # before they are imported

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from engine.half_backward import HalfBackward  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.plan import plan  # noqa: E402
from engine.sampling.solver import Solver  # noqa: E402

LEVELS = 5
FIRST, SECOND = torch.tensor([0]), torch.tensor([1])


def milliseconds(call: Callable[[], object]) -> float:
    call()
    started = time.process_time()
    call()
    return (time.process_time() - started) * 1e3


def gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    at = at.detach().requires_grad_()
    return torch.autograd.grad(function(at).sum(), at)[0]


def in_half(call: Callable[[], Tensor]) -> Callable[[], Tensor]:
    def inside() -> Tensor:
        with HalfBackward():
            return call()

    return inside


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=BUNDLED_MODEL)
    chosen = parser.parse_args()
    warm = WarmModel()
    model = warm.get(chosen.model, torch.device("cpu"))
    lpips = warm.perceptual.lpips("vgg", model.device)
    todo = plan(Job(prompt="golden hour over a calm sea", model=chosen.model), model)
    denoise = model.denoiser(model.condition(todo.job.prompt, "", todo.job.guidance))
    levels = Solver("ddim", model.scheduler_config, 25, model.device).levels
    shape = (2, model.channels, todo.canvas[0], todo.windows.columns.shape[1])
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        clean = denoise(noise, levels[0], torch.arange(2))

    with torch.no_grad():
        pictures = model.display(clean[:1])
        target = lpips.features(model.display(clean[1:]))

    def loss(windows: Tensor) -> Tensor:
        return lpips.between(lpips.features(model.display(denoise(windows, levels[0], FIRST))), target)

    stages: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
        "denoiser": (lambda x: denoise(x, levels[0], FIRST), noise[:1]),
        "decoder": (model.display, clean[:1]),
        "LPIPS": (lambda x: lpips.between(lpips.features(x), target), pictures),
        "all": (loss, noise[:1]),
    }
    height, width = pictures.shape[2:]
    print(f"{Path(chosen.model).name}, a window of {width} x {height}, {torch.get_num_threads()} threads\n")
    print("| | forward, ms | forward and backward, ms | with the backward pass in bfloat16, ms |")
    print("|---|---|---|---|")
    for name, (function, at) in stages.items():
        with torch.no_grad():
            forward = milliseconds(lambda function=function, at=at: function(at))
        both = partial(gradient, function, at)
        print(f"| {name} | {forward:.0f} | {milliseconds(both):.0f} | {milliseconds(in_half(both)):.0f} |")
    print("\n| noise level | all in bfloat16 | only the backward pass | decoder only | half-resolution colour |")
    print("|---|---|---|---|---|")
    for level in levels[:: (len(levels) - 1) // (LEVELS - 1)]:
        windows = level.alpha * clean + level.sigma * noise
        with torch.no_grad():
            anchor, itself = denoise(windows[1:], level, SECOND), denoise(windows[:1], level, FIRST)

        def along(display: Callable[[Tensor], Tensor], anchor: Tensor = anchor) -> Callable[[Tensor], Tensor]:
            with torch.no_grad():
                seen = lpips.features(display(anchor))
            return lambda clean: lpips.between(lpips.features(display(clean)), seen)

        def through(loss: Callable[[Tensor], Tensor], level=level, x: Tensor = windows[:1]) -> Tensor:
            return gradient(lambda x: loss(denoise(x, level, FIRST)), x).flatten()

        exact = through(along(model.display))
        others = (
            torch.autocast("cpu", torch.bfloat16)(lambda: through(along(model.display)))(),
            in_half(partial(through, along(model.display)))(),
            gradient(along(model.display), itself).flatten(),
            through(along(lambda latents: model.display(torch.nn.functional.avg_pool2d(latents, 2)))),
        )
        cosines = [f"{torch.cosine_similarity(exact, other.float(), dim=0):.4f}" for other in others]
        print(f"| {level.sigma:.2f} | {' | '.join(cosines)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
