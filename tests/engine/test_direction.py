"""Skies that are directed: begun from pictures and layouts, with photos, regions and masks; on a tiny random model."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image
from skies import pixels
from tiny_unconditional import make_unconditional_model

from engine.errors import BadRequest
from engine.job import Job
from engine.job_parts import CloudKind, GroundKind, HorizonKind, Layout, Photo, Region
from engine.models.loading import load_model
from engine.output.header import read_job
from engine.pipeline import generate
from engine.sampling.known import Known
from engine.sampling.samplers import multidiffusion
from engine.sampling.windows import Windows
from engine.start.continuation import fill
from engine.start.given import gather, passage, soft_mask
from engine.start.layout import draw, sky_parameters

LAYOUT = Layout(azimuth=200, elevation=12, clouds="few", ground="sea")


@pytest.mark.parametrize(
    ("elevation", "hour"),
    [(-3, "dusk"), (2, "sunset"), (4.2, "golden"), (11, "golden"), (11.5, "morning"), (26, "morning"), (30, "noon")],
)
def test_a_layouts_hour_is_that_of_its_sun(elevation: float, hour: str) -> None:
    assert sky_parameters(Layout(elevation=elevation)).time == hour


@pytest.fixture
def panorama(make) -> str:
    return make("begin", layout={"azimuth": 200, "elevation": 12, "ground": "sea"}, strength=0)[0].exr


def mask_file(path: Path, box: tuple[float, float, float, float]) -> Path:
    """White within *box*: left, top, right, bottom as shares; left above right goes across the seam."""
    mask = np.zeros((64, 128), np.uint8)
    left, top, right, bottom = (round(v * n) for v, n in zip(box, (128, 64, 128, 64), strict=True))
    columns = np.arange(128)
    inside = (columns >= left) & (columns < right) if left < right else (columns >= left) | (columns < right)
    mask[top:bottom, inside] = 255
    Image.fromarray(mask).save(path)
    return path


def test_parts_survive_json_and_the_command_line(engine, nano_path, tmp_path):
    job = Job(prompt="a", photos=[{"file": "a.jpg", "roll": 3}], regions=[{"prompt": "b", "width": 40}], feather=1)
    assert (job.photos, job.regions) == ((Photo(file="a.jpg", roll=3),), (Region(prompt="b", width=40),))
    assert Job.from_json(job.to_json()) == job
    layout = "azimuth=200,elevation=12,clouds=few,ground=sea,haze=true"
    options = ("--layout", layout, "--strength", 0.5, "--region", "a storm, far off,azimuth=270,width=120")
    made = engine("generate", "dawn", "--model", nano_path, "--out", "a.exr", "--width", 128, "--steps", 2, *options)
    assert made.returncode == 0, made.stderr
    shown = json.loads(engine("show", "a.exr").stdout)
    assert shown["layout"]["haze"] is True and shown["layout"]["azimuth"] == 200
    assert shown["regions"][0]["prompt"] == "a storm, far off" and shown["strength"] == 0.5
    assert Job.from_dict(read_job(tmp_path / "a.exr")).layout.clouds == "few"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"strength": 0.5}, "strength has no meaning"),
        ({"start": "a.exr", "layout": {}}, "two beginnings"),
        ({"start": "a.exr", "strength": 2}, "strength is 2"),
        ({"mask": "m.png"}, "no panorama to edit"),
        ({"start": "a.exr", "mask": "m.png", "exposure": 1}, "outside the mask"),
        ({"sync_anchor": "nearest"}, "no photos"),
        ({"photos": "a.jpg"}, "photos must be a list"),
        ({"photos": [{}]}, "photos 1 has no file"),
        ({"photos": [{"file": "a", "fov": 5}]}, "unknown: fov"),
        ({"photos": [{"file": "a", "field_of_view": 0}]}, "photos 1: field_of_view is 0"),
        ({"photos": [{"file": "a"}, {"file": "a", "field_of_view": 200}]}, "photos 2: field_of_view is 200"),
        ({"regions": [{"prompt": " "}]}, "regions 1: The prompt is empty"),
        ({"regions": [{"prompt": "a", "lowest": 10, "highest": 0}]}, "regions 1: It is empty"),
        ({"regions": [{"prompt": "a", "width": 0}]}, "width is 0"),
        ({"layout": {"clouds": "pink"}}, "clouds is 'pink'"),
        ({"layout": {"light": "moon", "elevation": -5}}, "elevation is -5"),
        ({"layout": {"moon_phase": 1.5}}, "moon_phase is 1.5"),
        ({"layout": {"city_azimuth": 400}}, "city_azimuth is 400"),
        ({"layout": {"fog": 1}}, "fog must be"),
        ({"layout": 3}, "layout must be a JSON object"),
        ({"feather": None}, "feather must be"),
    ],
)
def test_what_cannot_be_is_named(values, says):
    with pytest.raises(BadRequest, match=says):
        Job.from_dict({"prompt": "a"} | values)


def test_a_layout_without_strength_is_the_renderers_own_with_its_sun(make):
    result, _ = make("layout", layout=LAYOUT.__dict__, strength=0)
    assert (result.light["kind"], result.light["azimuth"], result.light["elevation"]) == ("sun", 200, 12)
    own = draw(LAYOUT, 64).permute(1, 2, 0).numpy()
    same = np.isclose(pixels(result.exr), own, rtol=1e-3, atol=1e-4).all(-1)
    assert same.mean() > 0.98, "beyond the sun"
    hidden, _ = make("hidden", layout={"clouds": "overcast"}, strength=0)
    assert hidden.light["kind"] == "none"


def test_every_kind_of_a_layout_is_drawn():
    kinds = [
        Layout(**{name: kind})
        for name, kinds in (("clouds", CloudKind), ("ground", GroundKind), ("horizon", HorizonKind))
        for kind in get_args(kinds)
        if getattr(Layout(), name) != kind
    ]
    kinds += [Layout(**{name: True}) for name in ("haze", "fog", "rays")]
    kinds += [Layout(light="stars", **{name: True}) for name in ("city_glow", "aurora")]
    plain = {light: draw(Layout(light=light), 32) for light in ("sun", "stars")}
    for layout in kinds:
        drawn = draw(layout, 32)
        assert drawn.isfinite().all()
        assert ((drawn - plain[layout.light]).abs() > 0.01).float().mean() > 0.005, layout
    new, full = (draw(Layout(light="moon", moon_phase=phase), 32).mean() for phase in (0, 0.5))
    assert new < 0.9 * full


def test_things_of_a_layout_stand_where_they_are_put():
    there = sky_parameters(
        Layout(clouds="cumulonimbus", cloud_azimuth=10, ground="coast", sea_azimuth=20, horizon="city", city_azimuth=30)
    )
    assert (there.thunderhead, there.sea, there.city, there.skyline) == (10, 20, 30, True)
    nothing = sky_parameters(Layout(cloud_azimuth=10, sea_azimuth=20, city_azimuth=30, aurora=True))
    assert (nothing.thunderhead, nothing.sea, nothing.city, nothing.aurora) == (None, None, None, False)
    glow = sky_parameters(Layout(light="stars", city_glow=True, city_azimuth=30))
    assert (glow.city, glow.skyline) == (30, False)


def test_a_sun_behind_a_cloud_lights_nothing_directly(make):
    assert make("rays", layout={"rays": True}, strength=0)[0].light["kind"] == "none"
    assert make("moon", layout={"rays": True, "light": "moon"}, strength=0)[0].light["kind"] == "moon"


def test_strength_decides_how_much_is_left(make, panorama, tmp_path):
    """On a model of pixels, whose random weights still let through what they are given."""
    pixel_model = {"model": str(make_unconditional_model("ddpm", tmp_path / "ddpm")), "sampler": "full", "sun": "off"}
    own = pixels(panorama).clip(0, 1)
    apart = [
        np.abs(pixels(make(f"s{s}", start=panorama, strength=s, **pixel_model)[0].exr).clip(0, 1) - own).mean()
        for s in (0.0, 0.25, 1.0)
    ]
    assert apart[0] < 1e-4 < apart[1] < apart[2]
    assert make("again", start=panorama)[0].job["strength"] == 0.6


@pytest.mark.parametrize("solver", ["ddim", "euler", "dpm++2m", "unipc", "lcm"])
def test_every_solver_begins_in_the_middle(nano, solver):
    """A denoiser that knows the truth brings every solver back to it from any level."""
    solver = nano.solver(solver, 8, (16, 16), torch.Generator().manual_seed(1))
    truth = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(2))
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(3))
    windows = Windows.layout("ring", 32, 16, 8)
    x = solver.noise_to(3, truth, noise)
    *steps, last = multidiffusion(lambda _, level, which: windows.gather(truth)[which], x, solver, windows, first=3)
    assert len(steps) == 4 and last.total == 5
    torch.testing.assert_close(last.x, truth, atol=0.15, rtol=0)


def test_what_is_known_stays_under_its_own_noise(nano):
    """Before every step, where the canvas is known, it is the known latents under the noise it began with."""
    solver = nano.solver("ddim", 6, (16, 16), torch.Generator())
    noise, latents = torch.randn(2, 1, 4, 16, 32, generator=torch.Generator().manual_seed(3))
    weight = torch.zeros(1, 1, 16, 32)
    weight[..., 4:20] = 1
    known = Known(latents, weight, torch.full_like(weight, 6))
    windows, denoise = Windows.layout("ring", 32, 16, 8), nano.denoiser(nano.condition("a", "", 1.0))
    x = known.start(0, noise, noise, solver)
    for step in multidiffusion(denoise, x, solver, windows, known=known):
        if step.index < 5:
            expected = solver.noise_to(step.index + 1, latents, noise)
            torch.testing.assert_close(step.x[..., 4:20], expected[..., 4:20], atol=1e-4, rtol=0)
    assert (step.x[..., 22:] - latents[..., 22:]).abs().mean() > 0.1


def test_what_is_known_may_last_in_part():
    known = Known(torch.ones(1, 4, 2, 2), torch.ones(1, 1, 2, 2), torch.full((1, 1, 2, 2), 3), after=0.25)
    assert [known.into(index, torch.zeros(1, 4, 2, 2)).mean() for index in (2, 3)] == [1, 0.25]


def test_the_edge_of_an_edit_lasts_and_its_middle_does_not(nano, panorama, tmp_path):
    mask = mask_file(tmp_path / "mask.png", (0.2, 0.1, 0.8, 0.9))
    painted, erased = (
        gather(Job(prompt="a", start=panorama, mask=str(mask), erase=erase), 128, nano.transfer).lasting[0]
        for erase in (False, True)
    )
    assert painted[32, 64] == 0 and 0.5 < painted[32, 28] < 1 and painted[32, 20] == 1
    assert erased[32, 28] == 0, "what is put in its place would show"


@pytest.mark.parametrize("box", [(0.3, 0.2, 0.6, 0.6), (0.85, 0.1, 0.15, 0.5), (0.2, 0.0, 0.7, 0.3)])
@pytest.mark.parametrize("erase", [False, True])
def test_edit_leaves_the_outside_bit_identical(make, panorama, tmp_path, box, erase):
    """In the middle, across the seam, at the zenith."""
    mask = mask_file(tmp_path / "mask.png", box)
    result, _ = make("edited", start=panorama, mask=str(mask), erase=erase)
    before, after = pixels(panorama), pixels(result.exr)
    outside = np.array(Image.open(mask)) == 0
    assert np.array_equal(before[outside], after[outside])
    assert (before[~outside] != after[~outside]).any(-1).mean() > 0.8
    assert result.job["strength"] == (0.3 if erase else 1.0)


def test_edit_finds_the_sun_that_stays(make, panorama, tmp_path):
    mask = mask_file(tmp_path / "mask.png", (0.05, 0.6, 0.3, 0.9))
    result, _ = make("edited", start=panorama, mask=str(mask), prompt="overcast")
    assert result.light["kind"] == "sun" and result.light["azimuth"] == pytest.approx(200, abs=3)


def test_what_is_erased_does_not_come_back(make, panorama, tmp_path):
    """At strength 0 the continuation of what lies around is seen: the bright spot is gone, the outside as it was."""
    mask = mask_file(tmp_path / "mask.png", (0.65, 0.05, 0.3, 0.55))
    erased, _ = make("erased", start=panorama, mask=str(mask), erase=True, strength=0)
    before, after = pixels(panorama), pixels(erased.exr)
    outside = np.array(Image.open(mask)) == 0
    assert np.array_equal(before[outside], after[outside])
    assert after[~outside].max() < 0.1 * before[~outside].max() and erased.light["kind"] == "none"
    assert make("painted", start=panorama, mask=str(mask), erase=True)[0].job["strength"] == 0.3
    white = mask_file(tmp_path / "white.png", (0, 0, 1, 1))
    for values, says in (({}, "nothing to erase"), ({"mask": str(white)}, "nothing that could be continued")):
        with pytest.raises(BadRequest, match=says):
            make("bad", start=panorama, erase=True, **values)


def test_glare_beside_an_erased_sun_is_no_sun(make, panorama, tmp_path):
    """What is left of the brightest around a small mask; without a note of the sun, it would be taken for one."""
    mask = mask_file(tmp_path / "mask.png", (0.78, 0.35, 0.83, 0.5))
    job = {"start": panorama, "mask": str(mask), "erase": True, "strength": 0}
    assert make("erased", **job)[0].light["kind"] == "none"
    forgotten = tmp_path / "forgotten.exr"
    OpenEXR.File({}, {"RGB": pixels(panorama)}).write(str(forgotten))
    assert make("again", **job | {"start": str(forgotten)})[0].light["kind"] == "sun"


def test_feather_stays_inside():
    mask = torch.zeros(1, 64, 128)
    mask[:, 20:40, 110:] = mask[:, 20:40, :30] = 1
    soft = soft_mask(mask, 12)
    assert (soft[mask == 0] == 0).all() and soft[0, 30, 5] == 1 and 0 < soft[0, 21, 5] < 1
    torch.testing.assert_close(soft_mask(mask.roll(40, 2), 12), soft.roll(40, 2))


def test_what_is_painted_passes_into_what_is_around():
    """Free from the first step on in the middle, later towards the edge, and all of it where it is narrow."""
    mask = torch.zeros(1, 64, 128)
    mask[:, 16:48, 110:] = mask[:, 16:48, :22] = 1
    mask[:, 30:34, 60:90] = 1
    free = passage(mask, 15)
    assert (free[mask == 0] == 0).all() and free[0, 32, 2] == 1 and (free[0, 30:34, 60:90] == 1).all()
    edge = free[0, 16:24, 2]
    assert (edge[1:] >= edge[:-1]).all() and edge[0] < 0.4 < edge[2] < 1
    assert torch.equal(passage(mask, 0), mask)


def test_mask_and_start_that_do_not_fit(make, panorama, tmp_path):
    Image.new("L", (128, 64)).save(tmp_path / "black.png")
    Image.new("L", (100, 64), 255).save(tmp_path / "odd.png")
    for values, says in (
        ({"mask": str(tmp_path / "black.png")}, "black all over"),
        ({"mask": str(tmp_path / "odd.png")}, "not twice as wide"),
        ({"mask": str(tmp_path / "none.png")}, "does not exist"),
        ({"mask": str(tmp_path / "odd.png"), "width": 256}, "128 pixels wide"),
    ):
        with pytest.raises(BadRequest, match=says):
            make("bad", start=panorama, **values)
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(BadRequest, match="cannot be read as a picture"):
        make("bad", start=str(tmp_path / "text.png"))
    assert not (tmp_path / "bad.exr").exists()


def test_fill_continues_smoothly_and_keeps_what_is_there():
    picture, there = torch.zeros(3, 32, 64), torch.zeros(1, 32, 64)
    picture[:, 8:20, 50:] = 2.0
    there[:, 8:20, 50:] = 1
    filled = fill(picture, there)
    assert torch.equal(filled[:, 8:20, 50:], picture[:, 8:20, 50:])
    torch.testing.assert_close(filled, torch.full_like(filled, 2.0))


@pytest.mark.parametrize("name", ["ldm", "ddpm"])
def test_models_without_text_are_directed_too(tmp_path, name):
    folder = make_unconditional_model(name, tmp_path / name)
    job = Job(prompt="a", model=str(folder), width=256, steps=2, sampler="full", layout={}, strength=0.5, seed=1)
    *_, result = generate(job, tmp_path / "sky.exr")
    assert (result.light["kind"], result.light["azimuth"]) == ("sun", 90)


def test_encoding_goes_round(nano, tmp_path):
    picture = torch.rand(1, 3, 64, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for model in (nano, load_model(str(make_unconditional_model("ldm", tmp_path / "ldm")), torch.device("cpu"))):
        straight = model.encode(picture, wraps=True)
        rolled = model.encode(picture.roll(2 * model.factor, 3), wraps=True)
        torch.testing.assert_close(rolled, straight.roll(2, 3), atol=1e-4, rtol=0)
        assert straight.shape[-2:] == (64 // model.factor, 128 // model.factor)
