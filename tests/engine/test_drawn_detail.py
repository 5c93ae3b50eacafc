"""What is small in the sky and the ground of a drawn layout, drawn again."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.sizes import octaves
from engine.job import Job
from engine.job_parts import Layout, Region
from engine.light.transfer import TRANSFERS, tonemap
from engine.metrics import seam_ratio
from engine.output.pictures import read_radiance
from engine.pipeline import generate
from engine.sphere.enlarging import at_width, resized, written
from engine.start.drawn_detail import with_drawn_ground, with_drawn_sky
from engine.start.given import _beginning, drawn
from engine.start.layout import draw, ground_rows, layout_of

HEIGHT = 256
TRANSFER = TRANSFERS["log_radiance"]
SEA = Layout(elevation=8.0, azimuth=40.0, clouds="clear", ground="sea", seed=3)
DESERT = replace(SEA, ground="desert")


def job(layout: Layout, **values) -> Job:
    return Job(prompt="a", layout=layout, base_width=64, **values)


def painted(layout: Layout) -> Tensor:
    """Values of a picture in which *layout* is as smooth as after an enlargement of a composition."""
    small = resized(TRANSFER.from_radiance(draw(layout, HEIGHT)), HEIGHT // 4)
    return written(at_width(small, 2 * HEIGHT), HEIGHT)


def changed(picture: Tensor, **values) -> Tensor:
    return with_drawn_ground(picture.clone(), values.pop("job", job(SEA)), TRANSFER, values.pop("given", None))


def redrawn(picture: Tensor, job: Job, given=None) -> Tensor:
    return with_drawn_sky(picture.clone(), job, TRANSFER, given)


def fine(picture: Tensor) -> Tensor:
    """What waves up to about eight pixels add to the middle of the ground."""
    ground = picture[:, HEIGHT // 2 + 20 : -40]
    return (ground - resized(resized(picture, 128), 2 * HEIGHT)[:, HEIGHT // 2 + 20 : -40]).square().mean().sqrt()


@pytest.mark.parametrize("ground", ["grass", "desert", "snow", "forest"])
def test_rows_of_the_ground_are_those_of_the_whole_sky(ground):
    layout = replace(SEA, ground=ground)
    rows = ground_rows(layout, HEIGHT)
    parts = torch.cat([rows(HEIGHT, range(first, first + 32)) for first in range(0, HEIGHT // 2, 32)], 1)
    torch.testing.assert_close(parts, draw(layout, HEIGHT)[:, HEIGHT // 2 :], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layout", [SEA, DESERT])
def test_a_smooth_ground_gets_the_waves_of_a_true_one(layout):
    before, truth = painted(layout), TRANSFER.from_radiance(draw(layout, HEIGHT))
    after = changed(before, job=job(layout))
    assert fine(before) < 0.5 * fine(truth)
    assert 0.9 < fine(after) / fine(truth) < 1.1
    assert (after - truth).abs().mean() < 0.5 * (before - truth).abs().mean()
    assert torch.equal(after[:, : HEIGHT // 2], before[:, : HEIGHT // 2])  # the sky
    assert seam_ratio(TRANSFER.to_display(after)) < 1.25


def test_light_and_colours_stay_as_they_were_painted():
    warmer = painted(SEA) + torch.tensor([0.02, 0.0, -0.01])[:, None, None]
    after = changed(warmer)
    change = (after - warmer)[:, HEIGHT // 2 :]
    assert change.abs().mean() > 0.01
    assert change.mean((1, 2)).abs().max() < 0.002


def test_another_ground_than_was_drawn_stays():
    meadow = painted(replace(SEA, ground="grass"))
    assert (changed(meadow) - meadow)[:, HEIGHT // 2 + 10 :].abs().mean() < 0.002
    assert (changed(painted(SEA)) - painted(SEA))[:, HEIGHT // 2 + 10 :].abs().mean() > 0.01


@pytest.mark.parametrize("layout", [replace(SEA, fog=True), replace(SEA, ground="coast"), "none"])
def test_what_is_not_drawn_stays(layout):
    picture = painted(SEA)
    assert torch.equal(changed(picture, job=job(layout)), picture)


def test_photos_and_regions_stay():
    picture = painted(SEA)
    given = _beginning(draw(SEA, HEIGHT))
    given.hold[:, :, :200] = 1
    beside = changed(picture, given=given)
    assert torch.equal(beside[:, :, 8:192], picture[:, :, 8:192])
    assert not torch.equal(beside, picture)
    region = Region(prompt="b", azimuth=90.0, width=120.0, softness=0.0)
    regional = changed(picture, job=job(SEA, regions=(region,)))
    middle = slice(HEIGHT - 60, HEIGHT + 60)
    assert torch.equal(regional[..., middle], picture[..., middle])
    assert not torch.equal(regional, picture)


@pytest.mark.parametrize(
    "layout", [replace(SEA, clouds="scattered"), replace(SEA, light="stars"), replace(DESERT, horizon="mountains")]
)
def test_a_sky_without_edges_gets_those_of_its_layout(layout):
    before, truth = painted(layout), TRANSFER.from_radiance(draw(layout, HEIGHT))
    after, sky = redrawn(before, job(layout)), slice(HEIGHT // 2)
    assert torch.equal(after[:, HEIGHT // 2 :], before[:, HEIGHT // 2 :])  # the ground
    assert (after - truth)[:, sky].abs().mean() < 0.5 * (before - truth)[:, sky].abs().mean()
    seam, true_seam = (seam_ratio(TRANSFER.to_display(picture[:, sky])) for picture in (after, truth))
    assert seam < 1.1 * true_seam


def test_a_glow_and_the_colour_of_the_light_stay():
    sky = painted(SEA)
    wide = 0.1 * torch.linspace(0, 2 * torch.pi, 2 * HEIGHT).sin() * torch.tensor([1.0, 0.5, 0.2])[:, None, None]
    after = redrawn(sky + wide, job(SEA))
    assert ((after - sky - wide)[:, : HEIGHT // 2 - 8]).abs().mean() < 0.005


def test_a_cloud_that_was_painted_stays_and_one_that_was_not_leaves_no_ghost():
    cloudy = replace(SEA, clouds="scattered")
    puff = torch.zeros(1, HEIGHT, 2 * HEIGHT)
    puff[:, 50:80, 200:250] = 0.25
    puff[:, 50:80:2, 200:250] += 0.05  # edges that only this cloud has
    added = painted(SEA) + puff
    assert (redrawn(added, job(SEA)) - added)[:, 58:72, 210:240].abs().mean() < 0.005
    clear = painted(SEA)
    ghosts = (redrawn(clear, job(cloudy)) - redrawn(clear, job(SEA)))[:, : HEIGHT // 2]
    clouds = (painted(cloudy) - clear)[:, : HEIGHT // 2]
    assert ghosts.abs().mean() < 0.15 * clouds.abs().mean()


def test_photos_and_regions_of_a_sky_stay_unless_the_regions_are_drawn_too():
    picture = painted(replace(SEA, clouds="scattered"))
    given = _beginning(draw(SEA, HEIGHT))
    given.hold[:, :, :200] = 1
    beside = redrawn(picture, job(replace(SEA, clouds="scattered")), given)
    assert torch.equal(beside[:, :, 16:184], picture[:, :, 16:184])
    assert not torch.equal(beside, picture)
    region = Region(prompt="a clear night", azimuth=90.0, width=120.0, softness=0.0)
    middle = slice(HEIGHT - 60, HEIGHT + 60)
    regional = redrawn(picture, job(replace(SEA, clouds="scattered"), regions=(region,)))
    assert torch.equal(regional[..., middle], picture[..., middle])
    asked = Job(prompt="golden hour, scattered clouds", layout="prompt", base_width=64, regions=(region,), seed=3)
    layout = layout_of(asked.prompt, 3)
    truth = TRANSFER.from_radiance(drawn(asked, layout, 2 * HEIGHT))
    smooth = written(at_width(resized(truth, HEIGHT // 4), 2 * HEIGHT), HEIGHT)
    stars = (slice(None), slice(20, HEIGHT // 2 - 20), middle)
    assert (redrawn(smooth, asked) - truth)[stars].abs().mean() < 0.5 * (smooth - truth)[stars].abs().mean()


def test_an_enlarged_sea_of_the_bundled_model_has_the_waves_of_its_layout(tmp_path):
    asked = Job(prompt="golden hour over a calm sea, clear sky", width=1280, seed=1, steps=4, sampler="multidiffusion")
    skies = []
    for name, detail in (("soft", 0.0), ("drawn", 0.2)):
        *_, result = generate(replace(asked, poles=False, detail=detail), tmp_path / f"{name}.exr")
        skies.append(octaves(tonemap(read_radiance(Path(result.exr))), -60, -5))
    soft, drawn = (sky[0].sqrt() for sky in skies)  # the finest waves
    true = octaves(tonemap(draw(layout_of(asked.prompt, 1), 640)), -60, -5)[0].sqrt()
    assert soft < 0.5 * true
    assert 0.8 * true < drawn < 1.25 * true
