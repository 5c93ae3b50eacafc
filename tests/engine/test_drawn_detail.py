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
from engine.start.drawn_detail import bands_to_draw, draw_detail
from engine.start.given import _beginning, _drawn
from engine.start.layout import draw, draw_in_bands, drawn_rows
from engine.start.prompt_layout import layout_of

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


def redrawn(picture: Tensor, asked: Job | Layout, given=None) -> Tensor:
    asked = asked if isinstance(asked, Job) else job(asked)
    picture = picture.clone()
    bands = list(draw_detail(picture, asked, TRANSFER, given))
    assert len(bands) == (0 if asked.layout == "none" else bands_to_draw(HEIGHT))
    return picture


def fine(picture: Tensor) -> Tensor:
    """What waves up to about eight pixels add to the middle of the ground."""
    ground = picture[:, HEIGHT // 2 + 20 : -40]
    return (ground - resized(resized(picture, 128), 2 * HEIGHT)[:, HEIGHT // 2 + 20 : -40]).square().mean().sqrt()


KINDS = {
    "scattered over grass": replace(SEA, clouds="scattered", ground="grass"),
    "stars over snowy mountains": replace(SEA, light="stars", horizon="mountains", ground="snow"),
    "a moon": replace(DESERT, light="moon", elevation=30.0),
    "a setting sun": replace(DESERT, elevation=-0.3),
    "rays": replace(SEA, clouds="few", rays=True, ground="grass"),
    "aurora over a city": replace(SEA, light="stars", aurora=True, horizon="city", ground="lake"),
    "a thunderhead over a forest": replace(SEA, clouds="cumulonimbus", ground="forest"),
    "fog": replace(SEA, fog=True, ground="grass"),
    "storm": replace(SEA, clouds="storm", ground="snow"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_those_of_the_whole_sky(kind):
    rows = drawn_rows(KINDS[kind], HEIGHT)
    parts = torch.cat([rows(HEIGHT, range(first, first + 32)) for first in range(0, HEIGHT, 32)], 1)
    torch.testing.assert_close(parts, draw(KINDS[kind], HEIGHT), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_smaller_sky_tells_is_enough_for_the_rows_of_a_larger(kind):
    rows, whole = drawn_rows(KINDS[kind], HEIGHT // 2), TRANSFER.from_radiance(draw(KINDS[kind], HEIGHT))
    parts = torch.cat([rows(HEIGHT, range(first, first + 32)) for first in range(0, HEIGHT, 32)], 1)
    assert (TRANSFER.from_radiance(parts) - whole).abs().mean() < 0.02  # a night's exposure counts its stars


def test_a_large_picture_is_drawn_in_bands_like_a_whole_one():
    banded, whole = draw_in_bands(DESERT, 640), draw(DESERT, 640)
    assert (TRANSFER.from_radiance(banded) - TRANSFER.from_radiance(whole)).abs().mean() < 0.005


def test_rows_of_a_coast_are_those_of_the_whole_sky_but_for_what_waves_blur():
    coast = replace(SEA, ground="coast", clouds="scattered")
    rows, whole = drawn_rows(coast, HEIGHT), draw(coast, HEIGHT)
    upper = torch.cat([rows(HEIGHT, range(first, first + 32)) for first in range(0, HEIGHT // 2, 32)], 1)
    torch.testing.assert_close(upper, whole[:, : HEIGHT // 2], rtol=1e-4, atol=1e-5)
    lower = TRANSFER.from_radiance(rows(HEIGHT, range(HEIGHT // 2, HEIGHT)))
    assert (lower - TRANSFER.from_radiance(whole)[:, HEIGHT // 2 :]).abs().mean() < 0.01


@pytest.mark.parametrize("layout", [SEA, DESERT])
def test_a_smooth_ground_gets_the_waves_of_a_true_one(layout):
    before, truth = painted(layout), TRANSFER.from_radiance(draw(layout, HEIGHT))
    after = redrawn(before, layout)
    assert fine(before) < 0.5 * fine(truth)
    assert 0.9 < fine(after) / fine(truth) < 1.1
    assert (after - truth).abs().mean() < 0.5 * (before - truth).abs().mean()
    assert seam_ratio(TRANSFER.to_display(after)) < 1.25


@pytest.mark.parametrize(("clouds", "stays"), [("storm", False), ("overcast", False), ("clear", True)])
def test_a_closed_deck_has_no_painted_specks_however_bright_it_was_painted(clouds, stays):
    """Of a storm, whose tones the model paints as it likes, a decoder's dashes stayed, 13 degrees high."""
    layout = replace(SEA, clouds=clouds)
    other = painted(layout) + 0.3 * torch.linspace(-1, 1, HEIGHT * 2).mul(20).sin()  # clouds that are not the layout's
    dashes = torch.zeros_like(other)
    dashes[:, 108, 256::4] = 0.1
    left = (redrawn(other + dashes, layout) - redrawn(other, layout))[:, 108, 256:]
    assert (left[:, ::4].mean() - left[:, 2::4].mean() > 0.05) == stays


def test_light_and_colours_stay_as_they_were_painted():
    warmer = painted(SEA) + torch.tensor([0.02, 0.0, -0.01])[:, None, None]
    after = redrawn(warmer, SEA)
    change = (after - warmer)[:, HEIGHT // 2 :]
    assert change.abs().mean() > 0.01
    assert change.mean((1, 2)).abs().max() < 2e-4


def test_another_ground_than_was_drawn_stays():
    meadow = painted(replace(SEA, ground="grass"))
    assert (redrawn(meadow, SEA) - meadow)[:, HEIGHT // 2 + 10 :].abs().mean() < 0.002
    assert (redrawn(painted(SEA), SEA) - painted(SEA))[:, HEIGHT // 2 + 10 :].abs().mean() > 0.01


def test_a_ground_with_stains_is_drawn_again_without_them():
    stained = painted(replace(SEA, ground="grass"))
    stained[:, HEIGHT // 2 + 40 : HEIGHT // 2 + 60, 100:120] -= torch.tensor([0.2, 0.28, 0.36])[:, None, None]
    after = redrawn(stained, replace(SEA, ground="grass"))
    spot = (slice(None), slice(HEIGHT // 2 + 40, HEIGHT // 2 + 60))
    depth = [(one[spot][..., 200:260].mean() - one[spot][..., 100:120].mean()).item() for one in (stained, after)]
    assert depth[1] < 0.4 * depth[0]


@pytest.mark.parametrize(("horizon", "stands"), [("mountains", True), ("flat", False)])
def test_what_stands_on_the_horizon_stands_whatever_was_painted_over_it(horizon, stands):
    """A cloud that was painted before a mountain stayed, with the mountain's ridges in it."""
    layout = replace(SEA, horizon=horizon, ground="grass")
    before, drawn = painted(layout), TRANSFER.from_radiance(draw(layout, HEIGHT))
    before[:, HEIGHT // 2 - 25 : HEIGHT // 2 - 1, 300:360] = 0.7
    cloud = (slice(None), slice(HEIGHT // 2 - 6, HEIGHT // 2 - 2), slice(315, 345))
    painted_away = (before[cloud] - drawn[cloud]).abs().mean()
    after = redrawn(before, layout)[cloud]
    assert painted_away > 0.3
    assert ((after - drawn[cloud]).abs().mean() < 0.2 * painted_away) == stands
    assert ((after - before[cloud]).abs().mean() < 0.2 * painted_away) != stands


def test_a_coast_which_the_model_does_not_know_is_as_drawn_whatever_it_painted():
    coast = replace(SEA, ground="coast")
    after = redrawn(painted(replace(SEA, ground="grass")), coast)[:, HEIGHT // 2 :]
    truth = TRANSFER.from_radiance(draw(coast, HEIGHT))[:, HEIGHT // 2 :]
    assert (after - truth)[:, 4:].abs().mean() < 0.01


def test_without_a_layout_all_stays():
    picture = painted(SEA)
    assert torch.equal(redrawn(picture, job("none")), picture)


@pytest.mark.parametrize(
    "layout", [replace(SEA, clouds="scattered"), replace(SEA, light="stars"), replace(DESERT, horizon="mountains")]
)
def test_a_sky_without_edges_gets_those_of_its_layout(layout):
    before, truth = painted(layout), TRANSFER.from_radiance(draw(layout, HEIGHT))
    after, sky = redrawn(before, layout), slice(HEIGHT // 2)
    assert (after - truth)[:, sky].abs().mean() < 0.5 * (before - truth)[:, sky].abs().mean()
    seam, true_seam = (seam_ratio(TRANSFER.to_display(picture[:, sky])) for picture in (after, truth))
    assert seam < 1.1 * true_seam


def test_a_glow_and_the_colour_of_the_light_stay():
    sky = painted(SEA)
    wide = 0.1 * torch.linspace(0, 2 * torch.pi, 2 * HEIGHT).sin() * torch.tensor([1.0, 0.5, 0.2])[:, None, None]
    after = redrawn(sky + wide, SEA)
    assert ((after - sky - wide)[:, : HEIGHT // 2 - 8]).abs().mean() < 0.005


def test_a_sun_is_as_bright_as_drawn_however_dark_it_was_painted():
    truth = TRANSFER.from_radiance(draw(SEA, HEIGHT))
    around = slice(HEIGHT // 2 - 16, HEIGHT // 2 - 8), slice(181, 190)  # elevation 8, azimuth 40
    assert (redrawn(painted(SEA) - 0.3, SEA) - truth)[:, *around].mean() > -0.05
    stars = replace(SEA, light="stars")
    dim = painted(stars) - 0.3
    assert (redrawn(dim, stars) - dim)[:, *around].mean() < 0.01  # no sun, no light


def test_a_cloud_that_was_painted_stays_and_one_that_was_not_leaves_no_ghost():
    cloudy = replace(SEA, clouds="scattered")
    puff = torch.zeros(1, HEIGHT, 2 * HEIGHT)
    puff[:, 50:80, 200:250] = 0.25
    puff[:, 50:80:2, 200:250] += 0.05  # edges that only this cloud has
    added = painted(SEA) + puff
    assert (redrawn(added, SEA) - added)[:, 58:72, 210:240].abs().mean() < 0.005
    clear = painted(SEA)
    ghosts = (redrawn(clear, cloudy) - redrawn(clear, SEA))[:, : HEIGHT // 2]
    clouds = (painted(cloudy) - clear)[:, : HEIGHT // 2]
    assert ghosts.abs().mean() < 0.15 * clouds.abs().mean()


def test_photos_and_regions_stay_unless_the_regions_are_drawn_too():
    cloudy = replace(SEA, clouds="scattered")
    picture = painted(cloudy)
    given = _beginning(draw(SEA, HEIGHT))
    given.hold[:, :, :200] = 1
    beside = redrawn(picture, cloudy, given)
    assert torch.equal(beside[:, :, 16:184], picture[:, :, 16:184])
    assert not torch.equal(beside, picture)
    region = Region(prompt="a clear night", azimuth=90.0, width=120.0, softness=0.0)
    middle = slice(HEIGHT - 60, HEIGHT + 60)
    regional = redrawn(picture, job(cloudy, regions=(region,)))
    assert torch.equal(regional[..., middle], picture[..., middle])
    assert not torch.equal(regional, picture)
    asked = Job(prompt="golden hour, scattered clouds", layout="prompt", base_width=64, regions=(region,), seed=3)
    layout = layout_of(asked.prompt, 3)
    truth = TRANSFER.from_radiance(_drawn(asked, layout, 2 * HEIGHT))
    smooth = written(at_width(resized(truth, HEIGHT // 4), 2 * HEIGHT), HEIGHT)
    stars = (slice(None), slice(20, HEIGHT // 2 - 20), middle)
    assert (redrawn(smooth, asked) - truth)[stars].abs().mean() < 0.5 * (smooth - truth)[stars].abs().mean()


def test_an_enlarged_sea_of_the_bundled_model_has_the_waves_of_its_layout(tmp_path):
    asked = Job(prompt="golden hour over a calm sea, clear sky", width=1280, seed=1, steps=4, sampler="multidiffusion")
    true = tonemap(draw(layout_of(asked.prompt, 1), 640))
    alike = {}
    for name, detail in (("soft", 0.0), ("drawn", 0.2)):
        *_, result = generate(replace(asked, poles=False, detail=detail), tmp_path / f"{name}.exr")
        made = tonemap(read_radiance(Path(result.exr)))
        alike[name] = torch.corrcoef(torch.stack([finest(made).flatten(), finest(true).flatten()]))[0, 1]
    assert alike["soft"] < 0.3
    assert alike["drawn"] > 0.9
    drawn, wanted = (octaves(sky, -60, -5)[0].sqrt() for sky in (made, true))
    assert 0.8 * wanted < drawn < 1.25 * wanted


def finest(picture: Tensor) -> Tensor:
    """The finest waves of the ground between 5 and 60 degrees below the horizon."""
    height = picture.shape[1]
    blurred = resized(resized(picture, height), 2 * height)
    return (picture - blurred)[:, round(95 / 180 * height) : round(150 / 180 * height)]
