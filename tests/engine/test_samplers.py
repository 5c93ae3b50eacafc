"""What joint diffusion must do, on a tiny random model with the real LPIPS."""

from collections.abc import Callable

import torch
from diffusers import DDIMScheduler, StableDiffusionPanoramaPipeline
from ring_bench import GUIDANCE, NEGATIVE, PROMPT, Bench

from benchmarks import same_calls
from benchmarks.algorithm_1 import Algorithm1
from engine.sampling.samplers import multidiffusion, spot_diffusion, swap_diffusion, sync_diffusion
from engine.sampling.solver import Level, Solver
from engine.sampling.windows import Windows


def test_without_weight_it_is_diffusers_panorama_pipeline(nano, nano_path):
    pipeline = StableDiffusionPanoramaPipeline.from_pretrained(
        nano_path, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    noise = torch.randn(1, 4, 64, 128, generator=torch.Generator().manual_seed(3))
    theirs = pipeline(
        PROMPT,
        negative_prompt=NEGATIVE,
        height=512,
        width=1024,
        num_inference_steps=2,
        guidance_scale=GUIDANCE,
        latents=noise.clone(),
        circular_padding=True,
        output_type="latent",
    ).images
    denoise = nano.denoiser(nano.condition(PROMPT, NEGATIVE, GUIDANCE))
    solver = Solver("ddim", nano.scheduler_config, 2, nano.device)
    *_, last = multidiffusion(denoise, noise, solver, Windows.layout("ring", 128, 64, 8))
    torch.testing.assert_close(last.x, theirs, atol=1e-4, rtol=0)


def test_synchronized_it_is_the_papers_algorithm_1(exact, exact_bench, nano_path):
    """The literal loop of the benchmark; in float64 what is equal in theory is equal in figures."""
    noise, windows = exact_bench.noise[..., :8, :16], Windows.layout("ring", 16, 8, 4)
    loop = Algorithm1(str(nano_path), exact.transfer, exact.device, torch.float64)
    theirs = loop.run(loop.calls(PROMPT, 2, GUIDANCE), noise, windows, weight=20.0, decay=0.95)
    denoise = exact.denoiser(exact.condition(PROMPT, "", GUIDANCE))
    *_, last = sync_diffusion(denoise, noise, exact_bench.solver(), windows, exact_bench.sync())
    torch.testing.assert_close(last.x, theirs, atol=1e-5, rtol=0)


def test_in_float32_it_is_algorithm_1_where_it_calls_the_network_alike(nano, nano_path):
    """Gradients times 20 make the most of rounding. With the same calls there is no difference to be made much of."""
    noise = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(4))
    loop = Algorithm1(str(nano_path), nano.transfer, nano.device)
    calls, windows = loop.calls(PROMPT, 6, GUIDANCE), Windows.layout("ring", 16, 8, 4)
    theirs = loop.run(calls, noise, windows, weight=20.0, decay=0.95)
    ours = same_calls.run(loop, calls, noise, windows, weight=20.0, decay=0.95)
    torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=0)


def test_weight_zero_is_multidiffusion(bench):
    plain = bench.run(bench.noise, None)
    synchronized = bench.run(bench.noise, bench.sync(initial_weight=0.0))
    torch.testing.assert_close(synchronized[-1].x, plain[-1].x, atol=1e-4, rtol=0)


def test_rolling_the_noise_rolls_the_result(exact_bench):
    noise = exact_bench.noise
    straight = exact_bench.run(noise, exact_bench.sync(anchor=1))[-1].x
    rolled = exact_bench.run(noise.roll(8, dims=3), exact_bench.sync(anchor=2))[-1].x
    torch.testing.assert_close(rolled, straight.roll(8, dims=3), atol=1e-5, rtol=0)


def test_anchor_is_not_changed_by_its_own_step(nano, distance):
    windows = Windows.layout("strip", 32, 16, 16)  # two windows side by side: what is not shared shows who moved
    bench = Bench(nano, distance, windows, torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(6)))
    plain = bench.run(bench.noise, None, steps=1)[0].x
    moved = bench.run(bench.noise, bench.sync(anchor=1, steps=1), steps=1)[0].x
    torch.testing.assert_close(moved[..., 16:], plain[..., 16:], atol=1e-5, rtol=0)
    assert (moved[..., :16] - plain[..., :16]).abs().max() > 1e-3


def test_progress_counts_every_step_once(bench):
    steps = bench.run(bench.noise, bench.sync(steps=1), steps=3)
    assert [(step.index, step.total) for step in steps] == [(0, 3), (1, 3), (2, 3)]


def test_full_ring_rolls_with_its_noise(exact):
    """By any number of columns that the UNet's halving leaves alone: there are no windows to see it."""
    denoise = exact.denoiser(exact.condition(PROMPT, NEGATIVE, GUIDANCE), wraps=True)
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(5)).double()
    ring = Windows.layout("ring", 32, 32, 32)

    def run(start: torch.Tensor) -> torch.Tensor:
        *_, last = multidiffusion(denoise, start, Solver("ddim", exact.scheduler_config, 2, exact.device), ring)
        return last.x

    torch.testing.assert_close(run(noise.roll(6, dims=3)), run(noise).roll(6, dims=3), atol=1e-6, rtol=0)


def test_swap_rolls_with_its_noise(exact):
    denoise = exact.denoiser(exact.condition(PROMPT, NEGATIVE, GUIDANCE))
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(5)).double()
    windows = Windows.layout("ring", 32, 16, 8)

    def run(sampler: Callable, start: torch.Tensor) -> torch.Tensor:
        *_, last = sampler(denoise, start, Solver("ddim", exact.scheduler_config, 2, exact.device), windows)
        return last.x

    swapped = run(swap_diffusion, noise)
    torch.testing.assert_close(run(swap_diffusion, noise.roll(8, dims=3)), swapped.roll(8, dims=3))
    assert (swapped - run(multidiffusion, noise)).abs().max() > 1e-3


def test_spot_puts_every_column_back_where_it_was(nano):
    """With a denoiser that treats each place alone, shifting and cutting must not be noticeable."""
    noise = torch.randn(1, 4, 8, 32, generator=torch.Generator().manual_seed(5))
    windows = Windows.layout("ring", 32, 8, 8)
    seen: list[torch.Tensor] = []

    def pointwise(x: torch.Tensor, level: Level, which: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return x.tanh()

    def solver() -> Solver:
        return Solver("ddim", nano.scheduler_config, 3, nano.device)

    *_, spot = spot_diffusion(pointwise, noise, solver(), windows, torch.Generator().manual_seed(1))
    *_, plain = multidiffusion(pointwise, noise, solver(), windows)
    torch.testing.assert_close(spot.x, plain.x)
    assert not torch.equal(seen[0], windows.gather(noise))  # it did shift
