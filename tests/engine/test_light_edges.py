"""The light stage where a picture is awkward: suns at the seam and the zenith, several, moons, nothing but white."""

import math

import pytest
import torch

from engine.job import Job
from engine.light.detection import find_spot
from engine.light.photometry import level_irradiance, luminance, within
from engine.light.stage import light_panorama
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sphere.equirectangular import azimuth_elevation, direction, directions

HEIGHT = 128


def sky(*places: tuple[float, float], blue: float = 1.0) -> torch.Tensor:
    """A blue sky over a dark ground with a saturated white spot at each azimuth and elevation."""
    towards = directions(HEIGHT)
    picture = blue * torch.tensor([0.12, 0.2, 0.45])[:, None, None] * (towards[2] > 0) + 0.02 * blue
    for place in places:
        angle = torch.rad2deg(torch.acos(torch.tensordot(direction(*place), towards, dims=1).clamp(-1, 1)))
        picture = torch.maximum(picture, (2 * torch.exp(-angle / 3)).expand(3, -1, -1))
    return picture.clamp(max=1)


@pytest.mark.parametrize("place", [(270, 30), (269, 4), (0, 90), (123, 87)], ids=["seam", "low", "zenith", "near it"])
def test_a_sun_is_whole_wherever_it_stands(place):
    """Its direction is right, its disc has the light that is told of, and nothing of that is elsewhere."""
    lit = light_panorama(sky(place), Job(prompt="a", sun_ratio=5), clips=True)
    towards = direction(lit.light.azimuth, lit.light.elevation)
    assert math.degrees(math.acos(min(1.0, float(towards @ direction(*place))))) < 1.5
    direct = luminance(within(lit.radiance, towards, 2.5)).item() * towards[2].item()
    diffuse = luminance(level_irradiance(lit.radiance.clamp(max=30))).item()  # without the disc's pixels
    assert direct / diffuse == pytest.approx(5, rel=0.1)
    rows, columns = (lit.radiance[0] > 100).nonzero().T
    found = directions(HEIGHT)[:, rows, columns].mean(1)
    assert len(rows) > 0 and float(found @ towards / found.norm()) > math.cos(math.radians(1.5))


def test_two_suns_are_lit_by_the_brighter_one_and_said():
    lit = light_panorama(sky((60, 40), (200, 30)), Job(prompt="a"), clips=True)
    assert [code for code, _ in lit.notices] == ["two_suns"]
    rows, columns = (lit.radiance[0] > 100).nonzero().T
    turns = {round(azimuth_elevation(v)[0], -1) for v in directions(HEIGHT)[:, rows, columns].T}
    assert len(turns) == 1 and turns < {60, 200}


def test_three_are_no_suns():
    lit = light_panorama(sky((60, 40), (180, 35), (300, 40)), Job(prompt="a"), clips=True)
    assert lit.light.kind == "none"
    assert lit.radiance.max() < 10, "EEVEE would make a sun of it"


def test_a_moon_is_told_and_gets_no_suns_light():
    night = sky((100, 40), blue=0.05)
    lit = light_panorama(night, Job(prompt="a"), clips=True)
    assert (lit.light.kind, lit.light.reach) == ("moon", 0)
    assert azimuth_elevation(direction(lit.light.azimuth, lit.light.elevation)) == pytest.approx((100, 40), abs=1.5)
    assert lit.radiance.max() < 10


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def night(renderer: SkyRenderer, height: int, time: Time = Time.NIGHT, clouds: Clouds = Clouds.CLEAR, **more):
    """A night at the seam as an ordinary model paints it, white where it is brighter than white."""
    fields = {"ground": Ground.GRASS, "sun_elevation": 30.0, "sun_azimuth": 268.0, "seed": 5} | more
    return renderer.render([SkyParameters(time=time, clouds=clouds, **fields)], height)[0].clamp(max=1)


@pytest.mark.parametrize("clouds", [Clouds.CLEAR, Clouds.FEW, Clouds.CIRRUS])
@pytest.mark.parametrize("height", [128, 512])
def test_a_rendered_moon_is_found(renderer, clouds, height):
    spot = find_spot(night(renderer, height, Time.MOON, clouds))
    assert spot.kind == "moon"
    assert azimuth_elevation(spot.towards) == pytest.approx((268, 30), abs=1.5)


@pytest.mark.parametrize("phase", [0.14, 0.25, 0.35, 0.8])
@pytest.mark.parametrize("height", [128, 512])
def test_a_waxing_or_waning_moon_is_found(renderer, phase, height):
    """Where it is lit, which is off its middle, and however little of it is."""
    spot = find_spot(night(renderer, height, Time.MOON, moon_phase=phase))
    assert spot.kind == "moon"
    assert float(spot.towards @ direction(268, 30)) > math.cos(math.radians(3))


@pytest.mark.parametrize(("time", "elevation"), [(Time.NOON, 60.0), (Time.MORNING, 25.0)])
@pytest.mark.parametrize("clouds", [Clouds.CLEAR, Clouds.FEW])
@pytest.mark.parametrize("height", [128, 512])
def test_a_day_in_a_dark_picture_has_a_sun_and_no_moon(renderer, clouds, height, time, elevation):
    """It is as dark and as blue as a moonlit night, but more than a moon's face is white."""
    place = {"ground": Ground.GRASS, "sun_elevation": elevation, "sun_azimuth": 268.0, "seed": 5}
    day = renderer.render([SkyParameters(time=time, clouds=clouds, **place)], height)[0]
    spot = find_spot((day / 8).clamp(max=1))
    assert spot.kind == "sun"
    assert azimuth_elevation(spot.towards) == pytest.approx((268, elevation), abs=2)


@pytest.mark.parametrize("more", [{}, {"milky_way": True}, {"aurora": True}, {"city": 200.0, "skyline": True}])
@pytest.mark.parametrize("height", [128, 512])
def test_stars_an_aurora_and_a_citys_lights_are_no_moon(renderer, more, height):
    assert find_spot(night(renderer, height, **more)).kind == "none"


def test_a_moon_behind_clouds_is_not_seen(renderer):
    assert find_spot(night(renderer, 128, Time.MOON, Clouds.OVERCAST)).kind == "none"


def test_white_and_grey_all_over_stay_without_a_sun():
    for level in (1.0, 0.5, 1e-6):
        lit = light_panorama(torch.full((3, 64, 128), level), Job(prompt="a"), clips=True)
        assert lit.light.kind == "none"
        assert torch.isfinite(lit.radiance).all() and lit.radiance.max() < 10
        assert lit.light.white_card > 0


def test_a_white_sky_with_a_suns_hour_gets_one_and_says_so():
    """Nothing tells where it stands, so the prompt does; the picture stays finite."""
    lit = light_panorama(torch.ones(3, 64, 128), Job(prompt="sunny noon"), clips=True)
    assert (lit.light.kind, lit.light.seen) == ("sun", False)
    assert torch.isfinite(lit.radiance).all()
    assert [code for code, _ in lit.notices] == ["sun_not_seen"]
