"""A sky without its sun: the glow goes, what it shone on stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skies import pixels

from engine.errors import BadRequest
from engine.light.found import FoundLight
from engine.light.transfer import radiance_to_log
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sphere.equirectangular import direction, directions
from engine.start.sunless import without_glow

AZIMUTH, ELEVATION = 120.0, 25.0
SUN = FoundLight(kind="sun", azimuth=AZIMUTH, elevation=ELEVATION, seen=True)


def apart(height: int, elevation: float = ELEVATION) -> torch.Tensor:
    """Degrees from the sun, or from another height below or above it."""
    cosine = torch.tensordot(direction(AZIMUTH, elevation), directions(height), dims=1)
    return cosine.clamp(-1, 1).acos().rad2deg()


def hazy_sky(height: int, elevation: float = ELEVATION) -> torch.Tensor:
    """Paler towards the horizon, with a glow that has halved at 10 degrees."""
    z, glow = directions(height)[2], 6 * 2 ** (-apart(height, elevation) / 10)
    return torch.stack([0.2 + 0.3 * (1 - z), 0.3 + 0.2 * (1 - z), 0.5 + 0 * z]) * (1 + glow)


@pytest.mark.parametrize("height", [64, 512])
def test_the_sky_is_as_even_as_on_the_far_side(height):
    sky = hazy_sky(height)
    dimmed, outshone = without_glow(sky, SUN)
    above = (directions(height)[2] > 0.05) & (outshone[0] == 0)
    far, near = above & (apart(height) > 100), above & (apart(height) < 60)

    def tones(radiance, where):
        return torch.stack([radiance[0, row][where[row]].mean() for row in range(height // 4, height * 7 // 16)])

    assert (tones(sky, near) / tones(sky, far)).mean() > 1.4
    assert (tones(dimmed, near) / tones(dimmed, far) - 1).abs().mean() < 0.05
    untouched = apart(height) > 80
    assert torch.equal(dimmed[:, untouched], sky[:, untouched])


def test_a_sun_near_the_zenith_goes_too():
    high = replace(SUN, elevation=84.0)
    sky = hazy_sky(128, high.elevation)
    dimmed, outshone = without_glow(sky, high)
    ring = (outshone[0] == 0) & (apart(128, high.elevation) < 40)
    before, after = sky[:, ring], dimmed[:, ring]
    assert before.mean() > 1.25 * after.mean()
    assert (after.std(1) / after.mean(1)).max() < 0.5 * (before.std(1) / before.mean(1)).max()


def test_clouds_under_the_glow_keep_their_shape():
    sky = hazy_sky(128)
    ring = apart(128)
    spots = (torch.sin(ring * 1.3) * torch.cos(torch.arange(256) * 0.9) > 0.6) & (ring > 30) & (ring < 60)
    clouded = torch.where(spots & (directions(128)[2] > 0), 1.6 * sky, sky)
    dimmed, _ = without_glow(clouded, SUN)
    contrast = radiance_to_log(dimmed) - radiance_to_log(without_glow(sky, SUN)[0])
    before = radiance_to_log(clouded) - radiance_to_log(sky)
    seen = before.abs() > 0.01
    assert (contrast[seen] / before[seen]).median() == pytest.approx(1, abs=0.15)


def test_its_mirror_image_goes_and_the_ground_beside_it_stays():
    sky = hazy_sky(64)
    dimmed, outshone = without_glow(sky, SUN)
    gone = outshone[0] == 1
    below = directions(64)[2] < 0
    assert gone[apart(64) < 12].all() and gone[below & (apart(64, -ELEVATION) < 27)].all()
    assert not gone[(apart(64) > 29) & ~below].any()
    assert torch.equal(dimmed[:, below], sky[:, below])


def test_a_rendered_suns_glow_is_told_from_its_clouds():
    sky = SkyParameters(Time.MORNING, Clouds.SCATTERED, Ground.GRASS, sun_elevation=18.0, sun_azimuth=AZIMUTH)
    radiance = SkyRenderer(3).render([sky], 128)[0]
    dimmed, outshone = without_glow(radiance, replace(SUN, elevation=18.0))
    above = (directions(128)[2] > 0.1) & (outshone[0] == 0)
    near, far = above & (apart(128, 18.0) < 40), above & (apart(128, 18.0) > 90)
    before, after = (
        (tone[:, near].quantile(0.25, 1) / tone[:, far].quantile(0.25, 1)).mean() for tone in (radiance, dimmed)
    )
    assert before > 1.4 and after == pytest.approx(1, abs=0.15)


def test_erasing_without_a_mask_is_erasing_the_sun(make, panorama):
    """The noted sun is gone, and so is its glow; beyond that, all is bit-identical."""
    result, _ = make("sunless", start=panorama, erase=True, strength=0)
    before, after = pixels(panorama), pixels(result.exr)
    beyond = torch.tensordot(direction(200, 12), directions(len(before)), dims=1).acos().rad2deg().numpy() > 85
    above = directions(len(before))[2].numpy() > 0
    assert np.array_equal(before[beyond & above], after[beyond & above])
    assert after.max() < 0.1 * before.max() and result.light["kind"] == "none"
    with pytest.raises(BadRequest, match="tells of no sun or moon to erase"):
        make("again", start=result.exr, erase=True)


def test_a_panorama_is_needed_to_erase_from(make):
    with pytest.raises(BadRequest, match="no panorama to erase from"):
        make("bad", erase=True)
