"""A sun that a cloud dims gets less light than a bare one, unless somebody says how much it shall have."""

import pytest
import torch

from engine.job import Job
from engine.light.clear_sky import direct_to_diffuse, judge_turbidity
from engine.light.photometry import level_irradiance, luminance, within
from engine.light.stage import light_panorama
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sphere.equirectangular import direction

PLACE = 100.0, 8.0  # azimuth, elevation


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def golden_hour(renderer: SkyRenderer, clouds: Clouds, seed: int = 1) -> torch.Tensor:
    azimuth, elevation = PLACE
    sky = SkyParameters(Time.GOLDEN, clouds, Ground.GRASS, sun_azimuth=azimuth, sun_elevation=elevation, seed=seed)
    return renderer.render([sky], 128)[0]


def clipped(radiance: torch.Tensor) -> torch.Tensor:
    return (radiance / 2).clamp(max=1)


def direct_share(radiance: torch.Tensor) -> float:
    towards = direction(*PLACE)
    return (luminance(within(radiance, towards, 4)) * towards[2] / luminance(level_irradiance(radiance))).item()


@pytest.mark.parametrize("seed", [1, 3])
@pytest.mark.parametrize("clouds", [Clouds.CLEAR, Clouds.CIRRUS, Clouds.MACKEREL])
def test_a_veiled_sun_gets_as_much_light_as_it_has(renderer, clouds, seed):
    """Behind a veil little more than half of a bare sun's share, though the picture is as white in its place."""
    true = golden_hour(renderer, clouds, seed)
    lit = light_panorama(clipped(true), Job(prompt="a"), clips=True)
    assert lit.light.kind == "sun"
    assert direct_share(lit.radiance) == pytest.approx(direct_share(true), rel=0.25)


@pytest.mark.parametrize(("asked", "ratio"), [({"turbidity": 5.0}, None), ({"sun_ratio": 2.5}, 2.5)])
def test_what_is_asked_for_is_not_dimmed(renderer, asked, ratio):
    picture = clipped(golden_hour(renderer, Clouds.CIRRUS))
    light = light_panorama(picture, Job(prompt="a", **asked), clips=True).light
    assert light.ratio == pytest.approx(ratio or direct_to_diffuse(light.elevation, 5.0), rel=1e-3)


def test_a_soft_pictures_sun_is_as_dim_as_its_sky_is_rough(renderer):
    """White tells nothing of the sun in a picture that is not clipped."""
    soft = golden_hour(renderer, Clouds.CIRRUS).clamp(max=3)
    light = light_panorama(soft, Job(prompt="a"), clips=False).light
    assert light.kind == "sun"
    assert light.ratio == pytest.approx(direct_to_diffuse(light.elevation, judge_turbidity(soft)), rel=1e-3)
