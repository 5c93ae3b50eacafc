"""Skies larger than the model knows: composed at its size, enlarged in stages; on a tiny random model of 256 x 128."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from skies import pixels
from tiny_models import make_model

from engine import memory, refinement
from engine.errors import BadRequest, TooLarge
from engine.job import Job
from engine.light.transfer import srgb_to_linear
from engine.models.denoiser import GuidedDenoiser
from engine.models.loading import WarmModel
from engine.output.header import read_job
from engine.pipeline import generate
from engine.plan import plan
from engine.protocol import Preview, Progress
from engine.sphere.enlarging import at_width, written
from engine.stages import Stage, stage_widths

QUICK = {
    "prompt": "a storm",
    "width": 512,
    "poles": False,
    "steps": 4,
    "sampler": "multidiffusion",
    "seed": 3,
    "sun": "off",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_model("sd1", tmp_path_factory.mktemp("models") / "sd1")


@pytest.fixture(scope="module")
def models(folder) -> WarmModel:
    return WarmModel()


@pytest.fixture
def model(models, folder):
    return models.get(str(folder), torch.device("cpu"))


@pytest.fixture
def sky(models, folder, tmp_path):
    """Generate; returns the events, of which the last is the result."""

    def run(name: str = "sky", trace: Path | None = None, previews: bool = False, **values) -> list:
        job = Job.from_dict(QUICK | {"model": str(folder)} | values)
        return list(generate(job, tmp_path / f"{name}.exr", models, trace, previews))

    return run


@pytest.mark.parametrize("base", [256, 512, 640])
def test_stages_double_at_most_about(base):
    for width in range(base + 128, 8192, 128):
        stages = (base, *stage_widths(base, width, 128))
        assert stages[-1] == width
        assert all(a < b <= 2.2 * a and b % 128 == 0 for a, b in itertools.pairwise(stages))
    assert stage_widths(256, 8192, 128) == (512, 1024, 2048, 4096, 8192)
    assert stage_widths(512, 512, 128) == ()


def test_a_large_sky_is_made_again_from_its_header(sky, tmp_path):
    *_, result = sky(width=1024)
    assert (result.width, result.height) == (1024, 512)
    job = read_job(tmp_path / "sky.exr")
    assert (job["base_width"], job["detail"]) == (256, 0.35)
    picture = pixels(result.exr)
    assert picture.shape == (512, 1024, 3) and np.isfinite(picture).all()
    *_, again = sky("again", **job)
    assert np.array_equal(pixels(again.exr), picture)


def test_the_composition_is_the_sky_of_the_models_own_size(sky, tmp_path):
    sky("own", trace=tmp_path / "own.safetensors", width=256)
    sky("large", trace=tmp_path / "large.safetensors", width=512)
    own, large = (load_file(tmp_path / f"{name}.safetensors") for name in ("own", "large"))
    for name in ("noise", "latent_1", "latent_4"):
        assert torch.equal(own[name], large[name])
    assert large["image"].shape == (3, 256, 512)


def test_without_detail_it_is_only_enlarged(sky, model, tmp_path):
    *_, result = sky(trace=tmp_path / "trace.safetensors", detail=0)
    latents = load_file(tmp_path / "trace.safetensors")["latent_4"]
    with torch.no_grad():
        composed = model.decode(latents, wraps=True)[0]
    expected = model.transfer.to_radiance(written(at_width(composed, 512), 256)).permute(1, 2, 0)
    np.testing.assert_allclose(pixels(result.exr), expected.numpy(), atol=1e-5)


def test_large_tones_stay_and_detail_is_new(sky):
    plain, detailed = (pixels(sky(f"sky-{detail}", width=1024, detail=detail)[-1].exr) for detail in (0, 0.5))
    blocks = [picture.reshape(4, 128, 8, 128, 3).mean((1, 3)) for picture in (plain, detailed)]
    assert np.abs(blocks[0] - blocks[1]).mean() < 0.05 * np.abs(blocks[0]).mean()
    assert np.abs(np.diff(detailed, axis=1)).mean() > 1.5 * np.abs(np.diff(plain, axis=1)).mean()


def test_level_lines_are_not_kept_but_for_the_horizon():
    latents = torch.randn(1, 4, 32, 64, generator=torch.Generator().manual_seed(1))
    lined = latents.clone()
    lined[:, :, 24] += 1
    lined[:, :, 16] += 1
    lined[:, :, 8, 30] += 1
    kept = refinement._with_levels(lined, latents, 16, wraps=True, sees_horizon=True) - latents
    torch.testing.assert_close(kept[:, :, 24], torch.zeros(1, 4, 64), atol=1e-5, rtol=0)
    torch.testing.assert_close(kept[:, :, 16], torch.ones(1, 4, 64), atol=1e-5, rtol=0)
    assert kept[:, :, 8, 30].min() > 0.9
    seen = refinement._with_levels(lined, latents, 16, wraps=False, sees_horizon=False) - latents
    torch.testing.assert_close(seen[:, :, 16], torch.zeros(1, 4, 64), atol=1e-5, rtol=0)


def test_windows_are_as_large_as_the_model_knows(sky, monkeypatch):
    seen: set[tuple[int, ...]] = set()
    denoise = GuidedDenoiser._denoise

    def watch(self: GuidedDenoiser, x: torch.Tensor, *rest: object) -> torch.Tensor:
        seen.add(tuple(x.shape[1:]))
        return denoise(self, x, *rest)

    monkeypatch.setattr(GuidedDenoiser, "_denoise", watch)
    sky(width=1024)
    assert seen == {(4, 16, 16)}


def test_progress_goes_on_through_the_stages(sky):
    told = [event for event in sky(width=1024, previews=True) if isinstance(event, Progress)]
    fractions = [event.fraction for event in told]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    refining = [event for event in told if event.stage == "refine"]
    assert {event.step for event in refining} == {1, 2} and {event.total for event in refining} == {2}
    assert all(event.seconds_left is not None and event.seconds_left >= -1e-6 for event in refining)
    assert max(event.fraction for event in refining) == pytest.approx(0.9)


def test_previews_go_on_and_change_nothing(sky, monkeypatch):
    monkeypatch.setattr("engine.preview.PAUSE", 0)
    monkeypatch.setattr("engine.preview.SHARE", 1e9)
    events = sky("with", previews=True)
    stages = [event.stage for event in events if isinstance(event, Progress)]
    shown = [i for i, event in enumerate(events) if isinstance(event, Preview)]
    assert any(events[i - 1].stage == "refine" for i in shown) and "refine" in stages
    assert np.array_equal(pixels(events[-1].exr), pixels(sky("without")[-1].exr))


def test_cancelled_in_a_stage_it_leaves_nothing(models, folder, tmp_path):
    events = generate(Job.from_dict(QUICK | {"model": str(folder)}), tmp_path / "sky.exr", models)
    assert any(isinstance(event, Progress) and event.stage == "refine" for event in events)
    events.close()
    assert list(tmp_path.iterdir()) == []


def test_windows_and_samplers_are_about_the_composition(model, folder):
    def done(**values):
        return plan(Job.from_dict(QUICK | {"model": str(folder)} | values), model)

    stages = (Stage(512, learned=False, detail=0.35, steps=3),)
    assert (done(window=8, stride=4).stages, len(done(window=8, stride=4).windows)) == (stages, 8)
    full = done(sampler="full")
    assert (full.stages, full.canvas, len(full.windows)) == (stages, (16, 32), 1)
    whole = done(base_width=512)
    assert (whole.stages, whole.canvas) == ((), (32, 64))
    assert done(base_width=512, width=None).size == (512, 256)
    with pytest.raises(BadRequest, match="wider than the panorama"):
        done(window=64)
    with pytest.raises(BadRequest, match="base_width is 1024"):
        done(base_width=1024)
    with pytest.raises(BadRequest, match="100 does not fit"):
        done(base_width=100)


def test_too_large_for_the_memory_is_said_before_the_start(model, folder, monkeypatch):
    monkeypatch.setattr("engine.plan.available_bytes", lambda _: int(1.5e9))
    monkeypatch.setattr(memory, "available_bytes", lambda _: int(1.5e9))
    with pytest.raises(TooLarge, match=r"8192 x 4096 needs about \d.* 1.5 GB are free") as refused:
        plan(Job.from_dict(QUICK | {"model": str(folder), "width": 8192}), model)
    fitting = int("".join(filter(str.isdigit, refused.value.hint)))
    assert 1024 <= fitting < 8192
    plan(Job.from_dict(QUICK | {"model": str(folder), "width": fitting}), model)


def test_an_edit_of_a_large_sky_changes_nothing_outside(sky, tmp_path):
    before = pixels(sky("before")[-1].exr)
    mask = np.zeros((256, 512), np.uint8)
    mask[40:200, 100:300] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    edit = {"start": str(tmp_path / "before.exr"), "mask": str(tmp_path / "mask.png"), "width": None, "seed": 8}
    after = pixels(sky("after", **edit)[-1].exr)
    assert np.array_equal(after[mask == 0], before[mask == 0])
    assert not np.array_equal(after[80:160, 140:260], before[80:160, 140:260])


def test_a_photo_is_kept_in_a_large_sky(sky, tmp_path):
    colours = np.array([200, 60, 20], np.uint8)
    Image.fromarray(np.tile(colours, (32, 48, 1))).save(tmp_path / "photo.png")
    photo = {"file": str(tmp_path / "photo.png"), "azimuth": 90, "field_of_view": 60}
    picture = pixels(sky(photos=[photo])[-1].exr)
    inside = torch.from_numpy(picture[120:136, 240:272])
    torch.testing.assert_close(inside, srgb_to_linear(torch.tensor(colours) / 255).expand_as(inside), atol=1e-4, rtol=0)


def test_regions_hold_at_every_size(sky):
    """A region behind changes the sky there more than in front; windows carry some of it further."""
    region = {"prompt": "a calm night over snow", "azimuth": 270, "width": 120, "softness": 0}
    plain, directed = (pixels(sky(f"s{len(r)}", regions=r, detail=0.6)[-1].exr) for r in ([], [region]))
    apart = np.abs(plain - directed).mean((0, 2))
    assert apart[[0, 1, -2, -1]].mean() > 2 * apart[246:266].mean()


def test_a_layout_begins_a_large_sky_and_alone_is_drawn_large(sky):
    layout = {"azimuth": 120, "elevation": 12}
    drawn = pixels(sky("drawn", layout=layout, strength=0)[-1].exr)
    painted = pixels(sky("painted", layout=layout, strength=0.3)[-1].exr)
    assert drawn.shape == painted.shape == (256, 512, 3)
    assert not np.array_equal(drawn, painted)


@pytest.mark.parametrize("solver", ["euler", "dpm++2m", "unipc", "lcm", "tcd"])
def test_every_solver_refines(sky, solver):
    assert np.isfinite(pixels(sky(solver=solver)[-1].exr)).all()


def test_values_that_fall_apart_are_said(sky, monkeypatch):
    monkeypatch.setattr(refinement, "_at", lambda denoise, level, windows, which: windows * float("nan"))
    with pytest.raises(Exception, match="fell apart when 512 pixels were refined"):
        sky(poles=False)
