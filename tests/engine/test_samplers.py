"""What joint diffusion must do, on a tiny random model with the real LPIPS."""

from dataclasses import dataclass, replace

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPanoramaPipeline

from engine.models.loading import Model, load_model
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.sampling.samplers import Denoiser, Step, multidiffusion, spot_diffusion, sync_diffusion
from engine.sampling.solver import Level, Solver
from engine.sampling.synchronization import Synchronization
from engine.sampling.windows import Windows

PROMPT, NEGATIVE, GUIDANCE = "storm clouds over a grass field", "people", 7.5


@pytest.fixture(scope="module")
def distance() -> PerceptualDistance:
    return PerceptualDistance()


@pytest.fixture(scope="module")
def exact(nano_path) -> Model:
    """The tiny model in float64: what is equal in theory is then equal in figures."""
    model = load_model(str(nano_path), torch.device("cpu"))
    for part in (model._unet, model._vae, model._pipeline.text_encoder):
        part.double()
    return model


@dataclass
class Bench:
    """A small ring: 4 windows of 16 x 16 latents every 8 columns."""

    model: Model
    distance: PerceptualDistance
    windows: Windows
    noise: torch.Tensor

    def sync(self, anchor: int = 2, steps: int = 2, weight: float = 20.0) -> Synchronization:
        return Synchronization(self.distance, self.model.display, anchor, steps, weight, 0.95, batch=2)

    def run(self, noise: torch.Tensor, sync: Synchronization | None, steps: int = 2) -> list[Step]:
        denoise = self.model.denoiser(self.model.condition(PROMPT, NEGATIVE, GUIDANCE))
        solver = Solver("ddim", self.model.scheduler_config, steps, self.model.device)
        if sync is None:
            return list(multidiffusion(denoise, noise, solver, self.windows))
        return list(sync_diffusion(denoise, noise, solver, self.windows, sync))


@pytest.fixture
def bench(nano, distance) -> Bench:
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(5))
    return Bench(nano, distance, Windows.layout("ring", 32, 16, 8), noise)


@pytest.fixture
def exact_bench(bench, exact) -> Bench:
    return Bench(exact, PerceptualDistance().double(), bench.windows, bench.noise.double())


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


def test_weight_zero_is_multidiffusion(bench):
    plain = bench.run(bench.noise, None)
    synchronized = bench.run(bench.noise, bench.sync(weight=0.0))
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


def test_one_step_lowers_the_distance_to_the_anchor(bench):
    level, denoise, windows = first_level(bench)
    sync = bench.sync(anchor=0)
    noisy, which = windows[1:], torch.arange(1, 4)
    anchor = denoise(windows[:1], level, torch.tensor([0]))

    def mean_distance(windows: torch.Tensor) -> float:
        with torch.no_grad():
            return bench.distance(
                bench.model.display(denoise(windows, level, which)), bench.model.display(anchor)
            ).mean()

    gradient = sync.gradient(denoise, noisy, level, which, anchor)
    assert mean_distance(noisy - sync.weight(0) * gradient) < mean_distance(noisy)


def test_gradient_is_exact(exact_bench):
    """Against central differences along the gradient's own direction."""
    level, denoise, windows = first_level(exact_bench)
    anchor, which = windows[:1], torch.tensor([1])
    gradient = exact_bench.sync().gradient(denoise, windows[1:2], level, which, anchor)

    def loss(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            display = exact_bench.model.display
            return exact_bench.distance(display(denoise(x, level, which)), display(anchor)).sum()

    step = 1e-5 * gradient / gradient.norm()
    slope = (loss(windows[1:2] + step) - loss(windows[1:2] - step)) / 2e-5
    torch.testing.assert_close(slope, gradient.norm(), rtol=1e-3, atol=0)


def test_gradient_does_not_depend_on_the_batch(exact_bench):
    level, denoise, windows = first_level(exact_bench)
    together, alone = (
        replace(exact_bench.sync(), batch=batch).gradient(denoise, windows, level, torch.arange(4), windows[:1])
        for batch in (4, 1)
    )
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-9)


def first_level(bench: Bench) -> tuple[Level, Denoiser, torch.Tensor]:
    """The highest noise level, the denoiser, and the noise's windows."""
    denoise = bench.model.denoiser(bench.model.condition(PROMPT, NEGATIVE, GUIDANCE))
    level = Solver("ddim", bench.model.scheduler_config, 2, bench.model.device).levels[0]
    return level, denoise, bench.windows.gather(bench.noise)


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
