"""Cumulus in an area alone: it stays there, looks like cloud and not like the area, and is as large as that lets it."""

import math

import pytest
import torch
from torch import Tensor

from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time

HEIGHT = 128
KINDS = (Clouds.FEW, Clouds.SCATTERED, Clouds.BROKEN, Clouds.STORM)


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def sky(seed: int = 3) -> SkyParameters:
    return SkyParameters(
        time=Time.NOON,
        clouds=Clouds.CLEAR,
        ground=Ground.GRASS,
        sun_elevation=40.0,
        sun_azimuth=90.0,
        seed=seed,
    )


def inside(longitude: float, elevation: float, radius: float) -> Tensor:
    """A round area, all in degrees: 0 at its edge, 1 in its middle."""
    rise = torch.deg2rad(90 - (torch.arange(HEIGHT // 2) + 0.5) * 180 / HEIGHT)[:, None]
    turn = torch.deg2rad((torch.arange(2 * HEIGHT) + 0.5) * 180 / HEIGHT - longitude)
    middle = math.radians(elevation)
    cosine = rise.sin() * math.sin(middle) + rise.cos() * math.cos(middle) * turn.cos()
    return (1 - torch.rad2deg(cosine.clamp(-1, 1).acos()) / radius).clamp(min=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("radius", [8.0, 20.0, 50.0])
def test_it_fills_an_area_in_part_and_nothing_beyond(renderer: SkyRenderer, kind: Clouds, radius: float) -> None:
    area = inside(200, 40, radius)
    picture, colour, opacity = renderer.cumulus_within(sky(), kind, area)
    assert opacity[0][area == 0].max() == 0 and colour.amax(0)[area == 0].max() == 0
    filled = (opacity[0][area > 0.3] > 0.5).float().mean()
    assert filled > 0.15
    if kind is not Clouds.STORM:
        assert opacity[0][area > 0].min() < 0.2, "sky is seen between the clouds"
    assert torch.equal(picture, renderer.render([sky()], HEIGHT)[0])


def test_its_outline_is_not_the_areas(renderer: SkyRenderer) -> None:
    """Along circles around the middle, there is cloud here and sky there."""
    area = inside(200, 40, 25)
    opacity = renderer.cumulus_within(sky(), Clouds.SCATTERED, area)[2][0]
    circles = [opacity[(area > low) & (area < low + 0.1)] for low in (0.4, 0.5)]
    assert all(circle.min() < 0.1 and circle.max() > 0.8 for circle in circles)


def test_a_storm_is_darker_and_bluer_than_fair_clouds(renderer: SkyRenderer) -> None:
    area = inside(200, 40, 25)
    storm, fair = (
        colour[:, opacity[0] > 0.9].mean(1)
        for _, colour, opacity in (renderer.cumulus_within(sky(), kind, area) for kind in (Clouds.STORM, Clouds.FEW))
    )
    assert storm.mean() < 0.6 * fair.mean()
    assert storm[2] / storm[0] > fair[2] / fair[0]


def test_it_goes_across_the_seam_and_differs_by_seed(renderer: SkyRenderer) -> None:
    area = inside(0, 40, 25)
    one, other = (renderer.cumulus_within(sky(seed), Clouds.BROKEN, area)[2][0] for seed in (3, 4))
    assert not torch.equal(one, other)
    steps = (one - one.roll(1, 1)).abs()
    assert steps[:, 0].max() <= steps.max() and one[:, [0, -1]].max(0).values.min() > 0.5
