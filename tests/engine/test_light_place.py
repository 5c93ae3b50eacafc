"""Where a clipped sun stands: not in the middle of what is white, where something cuts the white off."""

from functools import partial

import pytest
import torch

from engine.job import Job
from engine.light.detection import find_spot, look_around
from engine.light.placing import placed
from engine.light.rings import mirrored, rings_of
from engine.light.stage import light_panorama
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sphere.equirectangular import azimuth_elevation, degrees_from, direction

PLACE = 100.0, 8.0  # azimuth, elevation


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def valley(renderer: SkyRenderer, seed: int, clouds: Clouds = Clouds.CLEAR, height: int = 128) -> torch.Tensor:
    """A low sun in a gap of mountains, HDR."""
    fields = {"sun_azimuth": PLACE[0], "sun_elevation": PLACE[1], "mountains": True, "seed": seed}
    return renderer.render([SkyParameters(Time.GOLDEN, clouds, Ground.LAKE, **fields)], height)[0]


def clipped(radiance: torch.Tensor) -> torch.Tensor:
    return radiance.clamp(max=1)


def place_in(picture: torch.Tensor) -> torch.Tensor:
    return placed(partial(look_around, picture), find_spot(picture).towards)


@pytest.mark.parametrize("height", [128, 256])
def test_a_sun_in_a_gap_is_not_in_the_middle_of_its_white(renderer, height):
    sun, before, after = direction(*PLACE), [], []
    for seed in range(1, 7):
        picture = clipped(valley(renderer, seed, height=height))
        before.append(degrees_from(find_spot(picture).towards, sun))
        light = light_panorama(picture, Job(prompt="a"), clips=True).light
        after.append(degrees_from(direction(light.azimuth, light.elevation), sun))
    assert sum(before) / len(before) > 1.5, "the white's middle is the sun's: this tests nothing"
    assert sum(after) < 0.5 * sum(before)


def test_a_mirrored_sky_has_its_sun_in_the_mirrored_place(renderer):
    picture = clipped(valley(renderer, 2, Clouds.SCATTERED))
    azimuth, elevation = azimuth_elevation(place_in(picture))
    other, height = azimuth_elevation(place_in(picture.flip(-1)))
    assert (other, height) == pytest.approx((180 - azimuth, elevation), abs=0.4)  # rounding of sectors


def test_what_is_seen_in_a_mirror_is_told_from_what_is_seen(renderer):
    picture = clipped(valley(renderer, 2, Clouds.SCATTERED))
    seen = rings_of(look_around(picture, direction(*PLACE))).sectors
    other = rings_of(look_around(picture.flip(-1), direction(180 - PLACE[0], PLACE[1]))).sectors
    torch.testing.assert_close(mirrored(seen), other, atol=0.05, rtol=0)
    assert (seen - other).abs().max() > 0.5


def test_a_sun_is_found_wherever_the_seam_is(renderer):
    picture = clipped(valley(renderer, 3))
    azimuth, elevation = azimuth_elevation(place_in(picture))
    columns = round((269 - azimuth) / 360 * picture.shape[2])
    turned = azimuth + columns * 360 / picture.shape[2]
    assert azimuth_elevation(place_in(picture.roll(columns, 2))) == pytest.approx((turned, elevation), abs=0.4)


def test_a_soft_sun_stays_where_it_is_brightest(renderer):
    soft = valley(renderer, 1).clamp(max=3)
    light = light_panorama(soft, Job(prompt="a"), clips=False).light
    assert light.kind == "sun"
    assert degrees_from(direction(light.azimuth, light.elevation), find_spot(soft).towards) < 0.1
