"""Waves of a sea: what pixels see of them, and what is mirrored in what they do not."""

from dataclasses import replace

import pytest
import torch

from engine.light.photometry import LUMINANCE
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sky.ground import Plane
from engine.sky.noise import NoiseAtlas
from engine.sky.scene import Dome, Scene
from engine.sky.waves import lean, wind_waves

CPU = torch.device("cpu")
STEEP = 0.1
SEA = SkyParameters(
    time=Time.NOON, clouds=Clouds.CLEAR, ground=Ground.SEA, sun_elevation=60.0, sun_azimuth=40.0, seed=4
)


def waves(height: int, seeds=range(8)):
    scene = Scene([replace(SEA, seed=seed) for seed in seeds], CPU)
    plane = Plane(scene, Dome(height, CPU), NoiseAtlas(0, CPU))
    return plane, wind_waves(scene, plane, torch.full((len(scene),), STEEP))


def test_what_is_seen_and_what_is_not_are_all_the_waves_at_every_distance():
    plane, seen = waves(256)
    ripples = seen.unseen.amin()
    for nearest, farthest in ((1, 2), (2, 5), (5, 15), (15, 60)):
        there = ((plane.distance > nearest) & (plane.distance < farthest)).expand_as(seen.x)
        slopes = 0.5 * (seen.x[there].square().mean() + seen.y[there].square().mean())
        assert slopes + seen.unseen[there].mean() - ripples == pytest.approx(STEEP**2, rel=0.25)


def test_larger_pictures_show_finer_waves():
    (_, small), (_, large) = waves(128), waves(512)
    assert (large.unseen.mean((1, 2)) < small.unseen.mean((1, 2))).all()
    assert (small.unseen.diff(dim=1) < 1e-6).all(), "waves close by are seen worse than waves far off"


def test_a_wave_that_runs_towards_the_viewer_is_lost_before_one_that_runs_across():
    plane, seen = waves(256, seeds=[1])
    far = (plane.distance > 10) & (plane.distance < 20)
    towards = (plane.along / (plane.horizontal * plane.distance)).abs()
    left = seen.unseen.max() - seen.unseen  # of which the farthest pixels see nothing
    assert 2 * left[far & (towards > 0.95)].mean() < left[far & (towards < 0.3)].mean()


@pytest.mark.parametrize("fall", [0.001, 0.02, 0.1, 0.5, 3.0])
def test_a_ray_sees_more_of_the_slopes_that_face_it(fall):
    """Beside the mean over many slopes, each weighed by what the ray sees of it."""
    slopes = torch.special.ndtri((torch.arange(20_000).double() + 0.5) / 20_000) * STEEP
    shown = (fall + slopes).clamp(min=0)
    expected = (slopes * shown).sum() / shown.sum()
    found = lean(torch.tensor(fall).double(), torch.tensor(STEEP**2).double())
    assert found.item() == pytest.approx(expected.item(), rel=0.01)


def test_a_rough_sea_mirrors_the_sky_above_the_horizon_and_not_the_horizon():
    sky = SkyRenderer().render([SEA], 256)[0]
    light = (sky * torch.tensor(LUMINANCE)[:, None, None]).sum(0)
    assert light[130:136].mean() < 0.8 * light[122:127].mean()


@pytest.mark.parametrize(
    ("clouds", "glitters"), [(Clouds.STORM, False), (Clouds.OVERCAST, False), (Clouds.CLEAR, True)]
)
def test_a_closed_deck_lets_no_disc_through_that_would_glitter(clouds, glitters):
    """It lets a glow through, which was taken for the disc's."""
    renderer, scene, dome = SkyRenderer(), Scene([replace(SEA, clouds=clouds)], CPU), Dome(128, CPU)
    _, whole = renderer._unexposed(scene, dome, renderer._lit(scene, dome))
    assert whole.around.shining.any() == glitters
