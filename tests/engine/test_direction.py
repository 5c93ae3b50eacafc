"""Skies that are directed: begun from pictures and layouts, with photos and regions; on a tiny random model."""

import json
from typing import get_args

import numpy as np
import pytest
import torch
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
from engine.start.layout import draw, sky_parameters

LAYOUT = Layout(azimuth=200, elevation=12, clouds="few", ground="sea")


@pytest.mark.parametrize(
    ("elevation", "hour"),
    [(-3, "dusk"), (2, "sunset"), (4.2, "golden"), (11, "golden"), (11.5, "morning"), (26, "morning"), (30, "noon")],
)
def test_a_layouts_hour_is_that_of_its_sun(elevation: float, hour: str) -> None:
    assert sky_parameters(Layout(elevation=elevation)).time == hour


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
        ({"start": "a.exr", "mask": "m.png", "exposure": 1}, "outside of what is edited"),
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


@pytest.mark.parametrize("solver", ["ddim", "euler", "dpm++2m", "unipc", "lcm", "tcd"])
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
