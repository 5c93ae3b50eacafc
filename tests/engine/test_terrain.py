"""A terrain that is marched through: as high as it is to be at every size, lit from where the sun is."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sky.scene import luminance

ALPS = SkyParameters(
    time=Time.NOON,
    clouds=Clouds.CLEAR,
    ground=Ground.GRASS,
    sun_elevation=25.0,
    sun_azimuth=90.0,
    mountains=True,
    seed=5,
)


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def seen(renderer: SkyRenderer, one: SkyParameters, height: int) -> tuple[Tensor, Tensor]:
    """The upper half, [3, height / 2, 2 height], and where mountains stand in it."""
    pair = [one, replace(one, mountains=False)]
    alps, plain = (picture[:, : height // 2] for picture in renderer.render(pair, height))
    plain = plain * (alps[:, : height // 8].mean() / plain[:, : height // 8].mean())  # the exposure is another
    return alps, ((alps - plain).abs() > 0.15 * plain).any(0)


@pytest.mark.parametrize("seed", range(4))
def test_the_highest_is_as_high_as_drawn_by_lot_and_the_ridge_the_same_at_every_size(renderer, seed):
    heights = []
    for height in (128, 512):
        _, there = seen(renderer, replace(ALPS, seed=seed), height)
        profile = there.sum(0) * 180 / height  # degrees
        assert 14 < profile.max() < 31
        assert profile.min() > 0
        heights.append(profile.view(-1, height // 64).mean(1))
    assert (heights[0] - heights[1]).abs().mean() < 1.2


def test_slopes_that_face_the_sun_are_the_bright_ones(renderer):
    alps, there = seen(renderer, ALPS, 128)
    level = luminance(alps[None])[0]
    sunward, opposite = (slice(112, 144), [*range(16), *range(240, 256)])
    assert level[:, opposite][there[:, opposite]].mean() > 1.5 * level[:, sunward][there[:, sunward]].mean()


def test_snow_lies_high_and_woods_low(renderer):
    alps, there = seen(renderer, ALPS, 256)
    opposite = [*range(64), *range(448, 512)]
    red, green, blue = (channel[:, opposite] for channel in alps)
    rows = torch.arange(128)[:, None].expand_as(red)
    top = there[:, opposite].float().argmax(0)
    share = (128 - rows) / (128 - top)  # of the ridge's height
    within = there[:, opposite]
    high, low = within & (share > 0.7), within & (share < 0.2)
    assert green[high].mean() > 2 * green[low].mean()
    assert green[low].mean() > red[low].mean()
    assert blue[high].mean() > green[high].mean() * 0.9


def test_a_desert_has_no_snow(renderer):
    alps, there = seen(renderer, replace(ALPS, ground=Ground.DESERT), 128)
    snowy, _ = seen(renderer, replace(ALPS, ground=Ground.SNOW), 128)
    assert luminance(snowy[None])[0][there].mean() > 1.5 * luminance(alps[None])[0][there].mean()
