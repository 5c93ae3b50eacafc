"""The synchronization gradient of one window: where its time goes, and what cheaper gradients are worth.

    python -m benchmarks.gradients [--model FOLDER] [--prompts TEXT ...]

CPU time of this process, so that other programs disturb it little. The cosines are to the exact float32 gradient, the
least over the prompts. "All in bfloat16" is PyTorch's autocast, "half" what --precision half has: all backward passes,
and LPIPS' forward pass from the anchor's, in bfloat16 (engine/half_gradients.py).
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()  # before they are imported

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from engine.half_gradients import HalfGradients  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.models.model import Model  # noqa: E402
from engine.perceptual.distance import Distance  # noqa: E402
from engine.plan import plan  # noqa: E402
from engine.sampling.solver import Level, Solver  # noqa: E402

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


def in_half(call: Callable[[], Tensor], anchor: Callable[[], object] = lambda: None) -> Callable[[], Tensor]:
    """anchor: sees the picture from which others are computed."""
    half = HalfGradients()
    with half, torch.no_grad():
        anchor()

    def inside() -> Tensor:
        with half:
            return call()

    return inside


@dataclass(frozen=True)
class Case:
    """Two windows of one prompt's starting *noise* ``[2, C, h, w]``, and their *clean* predictions."""

    job: Job
    model: Model
    denoise: Callable[..., Tensor]
    levels: Sequence[Level]
    noise: Tensor
    clean: Tensor


def case(model: Model, job: Job) -> Case:
    todo = plan(job, model)
    denoise = model.denoiser(model.condition(job.prompt, "", todo.job.guidance))
    levels = Solver("ddim", model.scheduler_config, 25, model.device).levels
    shape = (2, model.channels, todo.canvas[0], todo.windows.columns.shape[1])
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return Case(job, model, denoise, levels, noise, denoise(noise, levels[0], torch.arange(2)))


def print_times(case: Case, lpips: Distance) -> None:
    display = case.model.display
    with torch.no_grad():
        picture, anchor = display(case.clean[:1]), display(case.clean[1:])
        target = lpips.features(anchor)

    def from_noise(windows: Tensor) -> Tensor:
        return case.denoise(windows, case.levels[0], FIRST)

    def distance(pictures: Tensor) -> Tensor:
        return lpips.between(lpips.features(pictures), target)

    stages: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
        "denoiser": (from_noise, case.noise[:1]),
        "decoder": (display, case.clean[:1]),
        "LPIPS": (distance, picture),
        "all": (lambda windows: distance(display(from_noise(windows))), case.noise[:1]),
    }
    height, width = picture.shape[2:]
    print(f"{Path(case.job.model).name}, a window of {width} x {height}, {torch.get_num_threads()} threads\n")
    print("| | forward, ms | forward and backward, ms | the same in half, ms |\n|---|---|---|---|")
    for name, (function, at) in stages.items():
        with torch.no_grad():
            forward = milliseconds(partial(function, at))
        both = partial(gradient, function, at)
        half = in_half(both, partial(lpips.features, anchor))
        print(f"| {name} | {forward:.0f} | {milliseconds(both):.0f} | {milliseconds(half):.0f} |")


def cosines(case: Case, level: Level, lpips: Distance) -> list[float]:
    """Of cheaper gradients of the first window at *level* to the exact one."""
    windows, display = level.alpha * case.clean + level.sigma * case.noise, case.model.display
    with torch.no_grad():
        anchor, itself = case.denoise(windows[1:], level, SECOND), case.denoise(windows[:1], level, FIRST)

    def along(display: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        with torch.no_grad():
            seen = lpips.features(display(anchor))
        return lambda clean: lpips.between(lpips.features(display(clean)), seen)

    def through(loss: Callable[[Tensor], Tensor]) -> Tensor:
        return gradient(lambda x: loss(case.denoise(x, level, FIRST)), windows[:1])

    with torch.no_grad():
        seen = partial(lpips.features, display(anchor))
    near = along(display)
    exact = through(near)
    others = (
        torch.autocast("cpu", torch.bfloat16)(lambda: through(along(display)))(),
        in_half(lambda: through(near))(),
        in_half(lambda: through(near), seen)(),
        gradient(near, itself),
        through(along(lambda latents: display(torch.nn.functional.avg_pool2d(latents, 2)))),
    )
    return [torch.cosine_similarity(exact.flatten(), other.float().flatten(), dim=0).item() for other in others]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=BUNDLED_MODEL)
    parser.add_argument("--prompts", nargs="+", default=["golden hour over a calm sea"])
    chosen = parser.parse_args()
    warm = WarmModel()
    model = warm.get(chosen.model, torch.device("cpu"))
    lpips = warm.perceptual.lpips("vgg", model.device)
    cases = [case(model, Job(prompt=prompt, model=chosen.model)) for prompt in chosen.prompts]
    print_times(cases[0], lpips)
    print("\n| noise level | all in bfloat16 | backward passes only | half | decoder only | half-resolution colour |")
    print("|---|---|---|---|---|---|")
    levels = cases[0].levels
    for level in levels[:: (len(levels) - 1) // (LEVELS - 1)]:
        least = map(min, zip(*(cosines(each, level, lpips) for each in cases), strict=True))
        print(f"| {level.sigma:.2f} | {' | '.join(f'{cosine:.4f}' for cosine in least)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
