"""What is put where something of a sky is erased."""

import pytest
import torch

from engine.sphere.equirectangular import direction, directions
from engine.start.behind import behind

WAVES = torch.rand(3, 64, 128, generator=torch.Generator().manual_seed(1))


def sky() -> torch.Tensor:
    """Paler towards the horizon, above a dark sea of waves that are one pixel long."""
    z = directions(64)[2]
    above = torch.stack([1 - z, 1 - 0.7 * z, 1 - 0.2 * z])
    return torch.where(z > 0, above, 0.05 + 0.1 * WAVES)


def disc(azimuth: float, elevation: float, radius: float) -> torch.Tensor:
    towards = torch.tensordot(direction(azimuth, elevation), directions(64), dims=1)
    return (towards > torch.tensor(radius).deg2rad().cos())[None]


@pytest.mark.parametrize("azimuth", [40, 90, 268])  # the last across the seam
def test_a_sun_at_the_horizon_leaves_horizon_and_waves(azimuth):
    before = sky()
    gone = disc(azimuth, 3, 25)
    bright = torch.where(disc(azimuth, 3, 20), 50.0, before)
    after = behind(bright, (~gone).float())
    sea = gone[0] & (directions(64)[2] < 0)
    assert (after - before)[:, :32].abs().max() < 0.03, "the sea is seen in the sky"
    assert after[:, sea].mean() == pytest.approx(before[:, sea].mean().item(), rel=0.05)
    assert after[:, sea].std() > 0.8 * before[:, sea].std(), "the waves are smoothed away"
    assert torch.equal(after[:, ~gone[0]], bright[:, ~gone[0]])


def test_the_calmest_part_of_the_sky_comes_in_place_of_a_cloud():
    before = sky()
    clouded = before.clone()
    for azimuth in (30, 100, 150, 330):
        clouded = torch.where(disc(azimuth, 30, 10), 2.0, clouded)
    gone = disc(100, 30, 14)
    after = behind(clouded, (~gone).float())
    assert (after - before)[:, gone[0]].abs().max() < 0.05


@pytest.mark.parametrize(
    ("azimuth", "elevation", "radius", "beside", "erased"), [(100, 40, 14, 14, 16), (265, 35, 10, 10, 14)]
)
def test_a_cloud_that_the_edge_cuts_through_ends_there(azimuth, elevation, radius, beside, erased):
    """No haze of it is left in the middle of what is erased; the second across the seam."""
    before = sky()
    clouded = torch.where(disc(azimuth, elevation, radius), 2.0, before)
    gone = disc(azimuth + beside, elevation, erased)
    after = behind(clouded, (~gone).float())
    middle = disc(azimuth + beside + 4, elevation, erased - 6)[0]
    assert (after - before)[:, middle].abs().mean() < 0.02


def test_the_light_at_the_edge_goes_on_inside():
    """A glow of which only the middle is erased leaves no hole."""
    towards = torch.tensordot(direction(120, 30), directions(64), dims=1).clamp(-1, 1)
    glow = 2 * torch.exp(-towards.acos().rad2deg() / 20)
    lit = sky() + glow
    gone = disc(120, 30, 8)
    after = behind(lit, (~gone).float())[:, gone[0]]
    around = lit[:, (disc(120, 30, 11) & ~gone)[0]]
    assert after.mean() == pytest.approx(around.mean().item(), rel=0.15)


def test_a_glow_that_the_edge_cuts_through_goes_on():
    """It falls evenly and has no end that is steep, so it is no cloud."""
    towards = torch.tensordot(direction(120, 30), directions(64), dims=1).clamp(-1, 1)
    lit = sky() + 2 * torch.exp(-towards.acos().rad2deg() / 20)
    gone = disc(132, 30, 10)
    after = behind(lit, (~gone).float())
    assert ((after - lit) / lit)[:, gone[0]].abs().mean() < 0.12


@pytest.mark.parametrize("elevation", [90, 75, -80])
def test_a_pole_is_covered_too(elevation):
    even = torch.full((3, 64, 128), 0.5)
    gone = disc(200, elevation, 28)
    after = behind(torch.where(gone, 9.0, even), (~gone).float())
    torch.testing.assert_close(after, even, atol=1e-3, rtol=0)


def test_a_sky_turned_is_the_same_turned():
    bright, there = torch.where(disc(60, 20, 20), 50.0, sky()), (~disc(60, 20, 25)).float()
    turned = behind(bright.roll(32, 2), there.roll(32, 2))
    torch.testing.assert_close(turned, behind(bright, there).roll(32, 2), atol=1e-3, rtol=0)


@pytest.mark.parametrize("left", [0, 127])
def test_a_sky_of_which_hardly_anything_is_left_is_still_a_sky(left):
    there = torch.zeros(1, 64, 128)
    there[:, :, left] = 1
    after = behind(sky(), there)
    assert after.isfinite().all() and after.max() < 2
