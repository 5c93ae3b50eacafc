"""What the bundled model was not taught stays as it is drawn."""

import pytest
import torch

from engine.job_parts import Layout
from engine.start.untaught import untaught

HEIGHT = 64
THINGS = {
    "coast": (Layout(ground="coast"), (-40.0, 200.0), (40.0, 200.0)),
    "cumulonimbus": (Layout(clouds="cumulonimbus", cloud_azimuth=350.0), (20.0, 5.0), (20.0, 170.0)),
    "rays": (Layout(rays=True, azimuth=200.0, elevation=10.0), (15.0, 200.0), (15.0, 20.0)),
    "fog": (Layout(fog=True), (2.0, 300.0), (60.0, 300.0)),
    "a morning without mist": (Layout(mist=False, elevation=20.0), (-3.0, 300.0), (-60.0, 300.0)),
    "city": (Layout(horizon="city", city_azimuth=-30.0), (3.0, 330.0), (3.0, 150.0)),
    "city glow": (Layout(light="stars", city_glow=True, city_azimuth=90.0), (3.0, 90.0), (80.0, 90.0)),
}


def at(shares: torch.Tensor, elevation: float, azimuth: float) -> float:
    row = int((90 - elevation) / 180 * HEIGHT)
    return shares[0, row, int(((azimuth - 90 + 180) % 360) / 360 * 2 * HEIGHT)].item()


@pytest.mark.parametrize("thing", THINGS)
def test_it_is_where_the_layout_says(thing):
    layout, there, elsewhere = THINGS[thing]
    shares = untaught(layout, HEIGHT)
    assert shares.shape == (1, HEIGHT, 2 * HEIGHT)
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert at(shares, *there) > 0.9
    assert at(shares, *elsewhere) < 0.1


def test_a_sky_of_what_was_taught_has_nothing_of_it():
    assert not untaught(Layout(ground="sea", horizon="mountains", haze=True), HEIGHT).any()
    assert not untaught(Layout(light="moon", rays=True), HEIGHT).any(), "a moon has no rays"


def test_a_tower_around_which_the_sky_wraps_has_no_seam():
    shares = untaught(Layout(clouds="cumulonimbus", cloud_azimuth=270.0), HEIGHT)  # the seam
    assert (shares[..., 0] - shares[..., -1]).abs().max() < 0.01
    assert shares[0, HEIGHT // 2 - 8, 0] > 0.9
