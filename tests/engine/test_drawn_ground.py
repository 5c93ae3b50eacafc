"""The ground of a drawn layout, drawn again at the size of an enlarged sky."""

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
from engine.start.drawn_ground import with_drawn_ground
from engine.start.given import _beginning
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
