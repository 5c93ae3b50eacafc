"""The gradient that draws windows together, and what departs from the paper's, on a tiny random model."""

import pytest
import torch
from PIL import Image
from ring_bench import Bench

from engine.coherence import synchronization
from engine.errors import BadRequest, GenerationFailed
from engine.job import Job
from engine.output.header import read_job
from engine.perceptual.distance import mean_features
from engine.pipeline import generate
from engine.plan import plan
from engine.precision import Precision
from engine.sampling.chunks import Chunks
from engine.sampling.solver import Level
from engine.sampling.synchronization import Synchronization
from engine.start.reading import read_display

ALL = torch.arange(4)
SMALL = {"prompt": "a storm", "seed": 1, "width": 128, "steps": 2, "sync_steps": 2, "stride": 4}


def at_first_level(bench: Bench) -> tuple[torch.Tensor, Level]:
    return bench.windows.gather(bench.noise), bench.solver().levels[0]


def mean_distance(bench: Bench, sync: Synchronization, windows: torch.Tensor, target: list) -> float:
    level = bench.solver().levels[0]
    with torch.no_grad():
        pictures = sync.display(bench.denoise(windows, level, ALL[: len(windows)]))
        return sync.distance.between(sync.distance.features(pictures), target).mean().item()


def test_gradient_is_exact(exact_bench):
    """Against central differences along the gradient's own direction."""
    windows, level = at_first_level(exact_bench)
    sync, which = exact_bench.sync(), torch.tensor([1])
    target = sync.distance.features(sync.display(windows[:1]))
    gradient = sync.gradient(exact_bench.denoise, windows[1:2], level, which, target)
    step = 1e-5 * gradient / gradient.norm()
    rise = mean_distance(exact_bench, sync, windows[1:2] + step, target)
    slope = (rise - mean_distance(exact_bench, sync, windows[1:2] - step, target)) / 2e-5
    assert slope == pytest.approx(gradient.norm().item(), rel=1e-3)


@pytest.mark.parametrize("kind", ["exact", "decoder"])
def test_gradient_does_not_depend_on_the_batch(exact_bench, kind):
    windows, level = at_first_level(exact_bench)
    target = exact_bench.distance.features(exact_bench.model.display(windows[:1]))
    together, alone = (
        exact_bench.sync(chunks=Chunks(batch), decoder_below=float(kind == "decoder")).gradient(
            exact_bench.denoise, windows, level, ALL, target
        )
        for batch in (4, 1)
    )
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-9)


def test_one_step_lowers_the_distance_to_the_anchor(bench):
    windows, level = at_first_level(bench)
    sync = bench.sync(anchor=0)
    moved, clean = sync.synchronize(bench.denoise, windows, level, 0)
    target = sync.distance.features(bench.model.display(clean[:1]))
    assert torch.equal(moved[0], windows[0])
    assert mean_distance(bench, sync, moved, target) < mean_distance(bench, sync, windows, target)
    with torch.no_grad():
        torch.testing.assert_close(clean, bench.denoise(moved, level, ALL), atol=1e-4, rtol=0)


def test_two_gradient_steps_go_further(bench):
    windows, level = at_first_level(bench)
    target = bench.distance.features(bench.model.display(bench.denoise(windows[2:3], level, ALL[:1])))

    def after(steps: int) -> float:
        sync = bench.sync(initial_weight=2.0, gradient_steps=steps)
        return mean_distance(bench, sync, sync.synchronize(bench.denoise, windows, level, 0)[0], target)

    assert after(2) < after(1)


def test_a_picture_or_the_mean_draws_every_window(bench):
    windows, level = at_first_level(bench)
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        seen = bench.distance.features(bench.model.display(bench.denoise(windows, level, ALL)))
    for reference, target in ((picture, bench.distance.features(picture)), (None, mean_features([seen]))):
        sync = bench.sync(anchor=None, reference=reference)
        moved, _ = sync.synchronize(bench.denoise, windows, level, 0)
        assert all((moved[k] - windows[k]).abs().max() > 1e-4 for k in range(4))
        assert mean_distance(bench, sync, moved, target) < mean_distance(bench, sync, windows, target)


def test_mean_of_parts_is_the_mean_of_all(bench):
    features = [bench.distance.features(torch.rand(3, 3, 32, 32)), bench.distance.features(torch.rand(1, 3, 32, 32))]
    for mean, first, second in zip(mean_features(features), *features, strict=True):
        torch.testing.assert_close(mean, torch.cat([first, second]).mean(0, keepdim=True))


def test_decoder_gradient_has_the_exact_ones_length_and_nears_its_direction(bench):
    """The measured window has its length, the others about that; without much noise the directions agree."""
    solver = bench.solver(50)
    windows = bench.windows.gather(bench.noise)
    target = bench.distance.features(bench.model.display(windows[:1].roll(3, dims=3)))
    for level, direction in ((solver.levels[0], 0.0), (solver.levels[-1], 0.99)):
        exact, approximate = (
            bench.sync(decoder_below=below).gradient(bench.denoise, windows, level, ALL, target) for below in (0.0, 1.0)
        )
        torch.testing.assert_close(approximate[0].norm(), exact[0].norm())
        assert 0.5 < approximate.norm() / exact.norm() < 2
        assert torch.cosine_similarity(approximate.flatten(), exact.flatten(), dim=0) > direction


def test_every_other_step_is_synchronized(bench):
    sync = bench.sync(steps=4, every=2)
    assert [sync.weight(index) > 0 for index in range(6)] == [True, False, True, False, False, False]
    assert sync.weight(2) == pytest.approx(20 * 0.95**2)


def test_a_step_that_blows_up_is_named(bench):
    windows, level = at_first_level(bench)
    with pytest.raises(GenerationFailed, match=r"synchronization of step 2 .* not finite"):
        bench.sync(initial_weight=float("inf")).synchronize(bench.denoise, windows, level, 1)


@pytest.mark.parametrize("sync_windows", ["all", "side-by-side"])
def test_a_window_that_is_alone_has_nobody_to_go_with(warm, nano_path, tmp_path, sync_windows):
    """It is the anchor itself, so the sky is the one that comes without synchronization."""
    alone = {"model": str(nano_path), **SMALL, "window": 16, "stride": 16, "sync_windows": sync_windows}
    drawn = run(Job(**alone), warm, tmp_path)
    assert torch.equal(drawn, run(Job(**alone | {"sampler": "multidiffusion"}), warm, tmp_path))


@pytest.fixture(scope="module")
def default_sky(warm, nano_path, tmp_path_factory) -> torch.Tensor:
    return run(Job(model=str(nano_path), **SMALL), warm, tmp_path_factory.mktemp("default"))


def run(job: Job, warm, folder) -> torch.Tensor:
    list(generate(job, folder / "sky.exr", warm))
    assert Job.from_dict(read_job(folder / "sky.exr")).sync_anchor == job.sync_anchor
    return read_display(folder / "sky.exr")


@pytest.mark.parametrize(
    "choice",
    [
        {"sync_loss": "lpips-alex"},
        {"sync_loss": "lpips-vgg + 100 * style"},
        {"sync_anchor": -90},
        {"sync_anchor": "mean"},
        {"sync_every": 2},
        {"sync_gradient_steps": 2},
        {"sync_gradient": "decoder", "sync_decoder_below": 1.0},
        {"sync_gradient": "half-resolution-colour"},
    ],
    ids=str,
)
def test_a_job_can_ask_for_it(warm, nano_path, tmp_path, default_sky, choice):
    sky = run(Job(model=str(nano_path), **SMALL, **choice), warm, tmp_path)
    assert not torch.equal(sky, default_sky)


def test_a_photo_is_scaled_and_cropped_to_a_window(warm, nano, nano_path, tmp_path):
    photo = Image.new("RGB", (300, 100), "red")
    photo.paste("blue", (100, 0, 200, 100))  # the middle third, which is what remains
    photo.save(tmp_path / "photo.png")
    job = Job(model=str(nano_path), sync_anchor=str(tmp_path / "photo.png"), **SMALL)
    reference = synchronization(plan(job, nano), nano, warm.perceptual, Precision()).reference
    assert reference.shape == (1, 3, 64, 64)
    assert reference[..., 1:-1].mean((0, 2, 3)).tolist() == [0, 0, 1]
    run(job, warm, tmp_path)


@pytest.mark.parametrize(("file", "says"), [("missing.png", "neither a picture"), ("notes.png", "cannot be read as")])
def test_what_is_no_picture_is_refused(warm, nano_path, tmp_path, file, says):
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(BadRequest, match=says):
        list(generate(Job(model=str(nano_path), sync_anchor=str(tmp_path / file), **SMALL), tmp_path / "sky.exr", warm))
    assert not (tmp_path / "sky.exr").exists()


def test_azimuths_are_blenders(bench):
    """90 degrees is the centre; windows begin at columns 0, 8, 16 and 24 of 32 and are 16 wide."""
    assert [bench.windows.nearest(azimuth) for azimuth in (0, 90, 180, 270, -90, 360)] == [0, 1, 2, 3, 3, 0]
