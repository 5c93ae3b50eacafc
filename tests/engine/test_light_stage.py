"""The light stage: suns are found where they are, carry the right energy, and none is invented."""

import math

import pytest
import torch

from engine.errors import BadRequest
from engine.job import Job
from engine.light.clear_sky import CLEAR, direct_to_diffuse, sun_colour
from engine.light.detection import find_spot
from engine.light.highlights import expand
from engine.light.photometry import level_irradiance, luminance, white_card, within
from engine.light.prompt import rules_out_sun, sun_elevations
from engine.light.stage import light_panorama
from engine.light.sun import SUN_SIZE, disc, restore_sun
from engine.light.surroundings import excess, reach_of
from engine.output.pictures import write_exr
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sphere.equirectangular import azimuth_elevation, degrees_from, direction, directions, pixels, solid_angles


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def sky(renderer: SkyRenderer, time: Time, clouds: Clouds = Clouds.CLEAR, height: int = 128, **more) -> torch.Tensor:
    fields = {"ground": Ground.GRASS, "sun_elevation": 40.0, "sun_azimuth": 100.0, "seed": 3} | more
    return renderer.render([SkyParameters(time=time, clouds=clouds, **fields)], height)[0]


def ldr(radiance: torch.Tensor) -> torch.Tensor:
    return (radiance / 2).clamp(max=1)


def glow(height: int, *places: tuple[float, float], radius: float = 3.0) -> torch.Tensor:
    """A blue sky over a dark ground with a white spot at each azimuth and elevation."""
    towards = directions(height)
    picture = torch.tensor([0.12, 0.2, 0.45])[:, None, None] * (towards[2] > 0) + 0.02
    for place in places:
        angle = torch.rad2deg(torch.acos(torch.tensordot(direction(*place), towards, dims=1).clamp(-1, 1)))
        picture = torch.maximum(picture, (2 * torch.exp(-angle / radius)).expand(3, -1, -1))
    return picture.clamp(max=1)


def test_geometry_agrees_with_itself_and_blender():
    assert solid_angles(32).sum().item() * 64 == pytest.approx(4 * math.pi, rel=1e-6)
    centre = directions(32)[:, 15:17, 31:33].mean((1, 2))
    torch.testing.assert_close(centre, torch.tensor([1.0, 0, 0]), atol=0.01, rtol=0)  # +X, as Blender's texture
    row, column = pixels(directions(32), 32)
    torch.testing.assert_close(row, torch.arange(32.0)[:, None].expand(32, 64), atol=1e-4, rtol=0)
    torch.testing.assert_close(column, torch.arange(64.0).expand(32, 64), atol=1e-4, rtol=0)
    assert azimuth_elevation(direction(271.0, -20.0)) == pytest.approx((271, -20), abs=1e-3)


@pytest.mark.parametrize("place", [(100, 40), (270, 30), (269.5, 8), (0, 90), (33, 86), (200, 2)])
@pytest.mark.parametrize("height", [64, 150])
def test_a_clipped_sun_is_found_on_the_seam_and_at_the_zenith(place, height):
    spot = find_spot(glow(height, place))
    assert spot.kind == "sun"
    assert degrees_from(spot.towards, direction(*place)) < 1.5


@pytest.mark.parametrize("clouds", [Clouds.CLEAR, Clouds.SCATTERED])
@pytest.mark.parametrize(("time", "elevation"), [(Time.NOON, 60.0), (Time.MORNING, 25.0), (Time.GOLDEN, 8.0)])
def test_a_rendered_sun_is_found_in_a_clipped_picture(renderer, time, elevation, clouds):
    spot = find_spot(ldr(sky(renderer, time, clouds, sun_elevation=elevation, sun_azimuth=265.0)))
    assert spot.kind == "sun"
    assert degrees_from(spot.towards, direction(265.0, elevation)) < 4


def test_a_moon_is_a_moon(renderer):
    night = sky(renderer, Time.MOON, sun_elevation=35.0).clamp(max=1)
    assert find_spot(torch.where(night > 0.7, night, night / 2)).kind == "moon"


@pytest.mark.parametrize(("time", "clouds"), [(Time.NOON, Clouds.OVERCAST), (Time.NOON, Clouds.STORM)])
def test_no_sun_is_invented(renderer, time, clouds):
    assert find_spot(ldr(sky(renderer, time, clouds))).kind == "none"
    assert find_spot(ldr(sky(renderer, Time.NIGHT, sun_elevation=-18.0))).kind == "none"


def test_windows_of_a_room_are_no_suns():
    room = torch.full((3, 64, 128), 0.08) * torch.tensor([1.3, 1, 0.7])[:, None, None]
    for column in (10, 40, 70, 100):
        room[:, 18:26, column : column + 8] = 1.0
    assert find_spot(room).kind == "none"


def test_two_suns_are_told():
    lit = light_panorama(glow(128, (60, 40), (200, 35)), Job(prompt="a"), clips=True)
    assert lit.light.kind == "sun"
    assert [code for code, _ in lit.notices] == ["two_suns"]


@pytest.mark.parametrize("height", [32, 128, 512])
@pytest.mark.parametrize("place", [(100, 40), (270, 3), (0, 90)])
def test_a_disc_carries_its_energy_at_every_size(height, place):
    wanted = torch.tensor([3.0, 2.0, 1.0])
    made = disc(wanted, direction(*place), height)
    torch.testing.assert_close((made * solid_angles(height)).sum((1, 2)), wanted, rtol=1e-4, atol=0)
    rows, columns = made[0].nonzero().T
    found = directions(height)[:, rows, columns]
    assert degrees_from(found.mean(1) / found.mean(1).norm(), direction(*place)) < 180 / height


@pytest.mark.parametrize("place", [(100, 40), (0, 90)])
@pytest.mark.parametrize("height", [256, 1024, 2048, 4096])
def test_a_disc_is_as_large_and_as_bright_as_the_suns_at_every_size(height, place):
    """Half a degree across, evenly bright: what a pixel sees of it is neither spread nor lost."""
    towards, irradiance = direction(*place), torch.tensor([3.0, 2.0, 1.0])
    radius, angles = math.radians(SUN_SIZE / 2), solid_angles(height).double()[:, 0]
    made = disc(irradiance, towards, height)
    energy = made.double().sum(2) @ angles
    torch.testing.assert_close(energy, irradiance.double(), rtol=1e-4, atol=0)
    rows, columns = made[0].nonzero().T
    light, seen = made[0, rows, columns] * solid_angles(height)[rows, 0], directions(height)[:, rows, columns]
    away = torch.linalg.cross(towards[:, None].expand_as(seen), seen, dim=0).norm(dim=0)  # radians, this close to it
    pixel = math.pi / height
    assert away.max() < radius + pixel * math.sqrt(0.5) + 1e-5
    spread = ((away.square() * light).sum() / light.sum()).item()
    if pixel < radius / 2:
        assert spread == pytest.approx(radius**2 / 2, abs=pixel**2 / 2)  # of an even disc, by pixels' centres
    inside = away < radius - pixel
    if inside.any():
        even = irradiance[0].item() / (math.pi * radius**2)
        assert made[0, rows, columns][inside].mean().item() == pytest.approx(even, rel=0.02)
    covered = solid_angles(height)[rows, 0] @ (made[0, rows, columns] > made.max() / 2).float()
    if height >= 2048:
        assert covered.item() == pytest.approx(math.pi * radius**2, rel=0.06)


@pytest.mark.parametrize("height", [64, 256])
@pytest.mark.parametrize("place", [(100, 40), (270, 1), (0, 90)])
def test_what_a_sun_adds_to_its_surroundings(height, place):
    """All of its light, and nothing of a bright sky over a dark ground, be they in the sun's place, too."""
    towards, wanted = direction(*place), torch.tensor([3.0, 2.0, 1.0])
    sky = torch.where(directions(height)[2] > 0, 2.0, 0.1).expand(3, -1, -1)
    reach = reach_of(0.265, height)
    torch.testing.assert_close(excess(sky, towards, reach), torch.zeros(3), rtol=0, atol=1e-4)
    torch.testing.assert_close(excess(sky + disc(wanted, towards, height), towards, reach), wanted, rtol=1e-3, atol=0)


def test_clear_sky_model_gives_published_values():
    """ESRA at turbidity 3, sun at 45 degrees: 639 W/m2 direct, 105 diffuse on level ground; more haze, less sun."""
    assert direct_to_diffuse(45, 3) == pytest.approx(6.11, abs=0.02)
    rising = [direct_to_diffuse(elevation, 3) for elevation in (0, 2, 10, 30, 60, 90)]
    assert rising == sorted(rising)
    assert direct_to_diffuse(30, 2) > direct_to_diffuse(30, 5)
    red, green, blue = sun_colour(5, 3).tolist()
    assert red > green > blue
    assert luminance(sun_colour(5, 3)).item() == pytest.approx(1)


def test_energy_is_conserved():
    """What the cone around the sun holds afterwards is what was asked for, whatever glow was there before."""
    towards = direction(100, 40)
    for radius in (0.5, 3.0, 6.0):
        lit, sun = restore_sun(glow(128, (100, 40), radius=radius), towards, 3.0, ratio=4.0)
        direct = luminance(within(lit, towards, 2.5)).item() * towards[2].item()
        total = luminance(level_irradiance(lit)).item()
        assert direct / (total - direct) == pytest.approx(4.0, rel=0.03)
        assert sun.added


def test_a_true_sun_is_left_alone(renderer):
    true = sky(renderer, Time.NOON, sun_elevation=50.0)
    lit, sun = restore_sun(true, direction(100, 50), CLEAR)
    assert torch.equal(lit, true)
    assert not sun.added
    assert luminance(sun.irradiance) > 1


@pytest.mark.parametrize(("clouds", "elevation"), [(Clouds.CLEAR, 60.0), (Clouds.CLEAR, 15.0), (Clouds.FEW, 60.0)])
def test_restored_share_of_direct_light_is_near_the_truth(renderer, clouds, elevation):
    true = sky(renderer, Time.NOON, clouds, sun_elevation=elevation, seed=1)
    lit = light_panorama(ldr(true), Job(prompt="a"), clips=True).radiance

    def direct_share(radiance: torch.Tensor) -> float:
        towards = direction(100, elevation)
        return (luminance(within(radiance, towards, 4)) * towards[2] / luminance(level_irradiance(radiance))).item()

    assert direct_share(ldr(true)) < 0.1
    assert direct_share(lit) == pytest.approx(direct_share(true), rel=0.25)


def test_highlights_grow_only_where_the_picture_is_saturated():
    picture = glow(64, (100, 40))
    lifted = expand(picture, direction(100, 40))
    unsaturated = picture.amax(0) < 0.9
    assert torch.equal(lifted[:, unsaturated], picture[:, unsaturated])
    assert lifted.max() > 2


def test_exposure_puts_the_white_card_where_it_is_asked(renderer):
    picture = ldr(sky(renderer, Time.NOON))
    as_made = light_panorama(picture, Job(prompt="a"), clips=True)
    exposed = light_panorama(picture, Job(prompt="a", exposure=1), clips=True)
    assert white_card(exposed.radiance) == pytest.approx(2.0, rel=1e-4) == exposed.light.white_card
    gain = 2.0 / as_made.light.white_card
    assert exposed.light.irradiance == pytest.approx([value * gain for value in as_made.light.irradiance], rel=1e-4)


def test_the_prompt_decides_what_the_picture_leaves_open(renderer):
    sunny = ldr(sky(renderer, Time.NOON))
    assert light_panorama(sunny, Job(prompt="overcast sky over a meadow"), clips=True).light.kind == "none"
    plain = glow(64)
    assert light_panorama(plain, Job(prompt="a lake"), clips=True).light.kind == "none"
    asked = light_panorama(plain, Job(prompt="sunny noon over a lake"), clips=True)
    assert (asked.light.kind, asked.light.seen) == ("sun", False)
    assert 38 <= asked.light.elevation <= 80
    assert [code for code, _ in asked.notices] == ["sun_not_seen"]
    assert asked.radiance.max() > 10  # EEVEE's threshold for a sun with a shadow


def test_a_mornings_bright_horizon_is_not_its_sun():
    picture = torch.maximum(glow(64, (100, 18)), 2 * glow(64, (300, 1), radius=2))
    found = {prompt: light_panorama(picture, Job(prompt=prompt), clips=True).light for prompt in ("morning", "sunset")}
    assert found["morning"].elevation == pytest.approx(18, abs=2)
    assert found["sunset"].elevation < 3


def test_off_leaves_the_picture_alone(renderer):
    picture = ldr(sky(renderer, Time.NOON))
    lit = light_panorama(picture, Job(prompt="a", sun="off"), clips=True)
    assert torch.equal(lit.radiance, picture)
    assert lit.light.kind == "sun"


def test_prompts():
    assert sun_elevations("Golden Hour over a calm sea") == (4.5, 11.0)
    assert sun_elevations("late afternoon") == (12.0, 26.0)
    assert sun_elevations("a calm sea") is None
    assert rules_out_sun("overcast, a meadow") and rules_out_sun("starry night") and rules_out_sun("fog at noon")
    assert not rules_out_sun("sun breaking through storm clouds")


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (torch.ones(3, 64, 100), "100 x 64"),
        (torch.full((3, 64, 128), float("nan")), "not numbers"),
        (torch.full((3, 64, 128), float("inf")), "infinite"),
        (torch.full((3, 64, 128), -0.5), "negative"),
        (torch.zeros(3, 64, 128), "black"),
    ],
)
def test_what_is_no_panorama_is_refused(picture, says):
    with pytest.raises(BadRequest, match=says):
        light_panorama(picture, Job(prompt="a"), clips=True)


def test_a_picture_that_is_white_all_over_has_no_sun():
    lit = light_panorama(torch.ones(3, 64, 128), Job(prompt="a"), clips=True)
    assert lit.light.kind == "none"
    assert torch.isfinite(lit.radiance).all()


def test_a_sun_that_stays_untouched_is_still_known(renderer, tmp_path):
    """An edit elsewhere leaves the sun's pixels as they are; Blender needs to know of them all the same."""
    made = light_panorama(ldr(sky(renderer, Time.NOON)), Job(prompt="a"), clips=True)
    write_exr(tmp_path / "sky.exr", made.radiance, {}, {}, made.light)
    job = Job(prompt="a", start=str(tmp_path / "sky.exr"), mask="mask.png")
    untouched = torch.ones(128, 256, dtype=torch.bool)
    untouched[64:] = False
    darker = made.radiance.where(untouched, made.radiance / 2)
    again = light_panorama(darker, job, clips=False, untouched=untouched)
    assert torch.equal(again.radiance, darker)
    assert again.light == made.light
    elsewhere = light_panorama(darker, job, clips=False, untouched=~untouched)
    assert elsewhere.light.irradiance != made.light.irradiance, "the sun itself was painted anew"
