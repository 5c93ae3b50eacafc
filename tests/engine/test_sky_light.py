"""The renderer's light on water and ground: a path of light as nature has it, ground as bright as what lights it."""

import math

import pytest
import torch
from torch import Tensor

from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time
from engine.sky.scene import Dome, luminance

HEIGHT = 256
DEGREE = HEIGHT / 180  # pixels
NOON = {"time": Time.NOON, "sun_elevation": 50.0}
SUNSET = {"time": Time.SUNSET, "sun_elevation": 2.0}
MOON = {"time": Time.MOON, "sun_elevation": 15.0}
GOLDEN = {"time": Time.GOLDEN, "sun_elevation": 8.0}


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def sky(**fields: object) -> SkyParameters:
    """With the sun over the picture's middle column, at noon and without a cloud unless *fields* say otherwise."""
    usual = {
        "clouds": Clouds.CLEAR,
        "ground": Ground.SEA,
        "sun_azimuth": 90.0,
        "aerosol": 1.6,
        "seed": 3,
    }
    return SkyParameters(**(NOON | usual | fields))  # type: ignore[arg-type]


def sideways(water: Tensor, low: float, high: float) -> Tensor:
    """Mean radiance ``[3, columns]`` of *water* ``[3, rows, width]`` from *low* to *high* degrees below the horizon, by
    the distance from the sun's column, both sides together."""
    around = water[:, int(low * DEGREE) : int(high * DEGREE)].mean(1)
    return ((around + around.flip(-1)) / 2)[:, HEIGHT:]


def columns(first: float, last: float) -> slice:
    """Those that many degrees from the sun's."""
    return slice(round(first * DEGREE), round(last * DEGREE))


@pytest.mark.parametrize("hour", [SUNSET, GOLDEN])
def test_a_path_of_light_fades_sideways_without_an_edge(renderer: SkyRenderer, hour: dict) -> None:
    """In bands, too, where a sea mirrors its sky blurred."""
    below = range(HEIGHT // 2, HEIGHT)
    seas = [renderer.rows(sky(**hour, seed=seed), HEIGHT)(HEIGHT, below) for seed in range(6)]
    level = luminance(torch.stack([sideways(sea, 1, 6) for sea in seas])).mean(0)
    smooth = level.unfold(0, round(2 * DEGREE), 1).mean(1)[columns(8, 30)]
    fades = smooth[: -round(2 * DEGREE)] / smooth[round(2 * DEGREE) :]
    assert fades.max() < 1.2
    assert level[columns(0, 1.5)].mean() > 3 * level[columns(8, 12)].mean()


@pytest.mark.parametrize("ground", [Ground.SEA, Ground.LAKE])
def test_a_path_of_light_has_the_suns_colour(renderer: SkyRenderer, ground: Ground) -> None:
    picture = renderer.render([sky(**SUNSET, ground=ground)], HEIGHT)[0]
    sun = picture.flatten(1)[:, picture.sum(0).argmax()]
    path = sideways(picture[:, HEIGHT // 2 :], 1, 6)[:, 0]
    torch.testing.assert_close(path / path.sum(), sun / sun.sum(), rtol=0, atol=0.03)


@pytest.mark.parametrize("ground", [Ground.SEA, Ground.LAKE])
@pytest.mark.parametrize("hidden", [hour | {"clouds": Clouds.OVERCAST} for hour in (GOLDEN, SUNSET, MOON)])
def test_a_hidden_sun_or_moon_has_no_path_of_light(renderer: SkyRenderer, hidden: dict, ground: Ground) -> None:
    skies = [sky(**hidden | seen, ground=ground) for seen in ({"clouds": Clouds.CLEAR}, {})]
    for shines, picture in zip((True, False), renderer.render(skies, HEIGHT), strict=True):
        level = luminance(sideways(picture[:, HEIGHT // 2 :], 1, 6)[None])[0]
        assert (level[columns(0, 1.5)].mean() > 1.5 * level[columns(8, 12)].mean()) == shines


def thrown_back(renderer: SkyRenderer, one: SkyParameters) -> float:
    """Luminance of the ground near the feet, as a share of that of white paper there."""
    picture = renderer.render([one], HEIGHT)
    upper, near = picture[:, :, : HEIGHT // 2], picture[:, :, HEIGHT * 5 // 8 :]
    falls = luminance(Dome(HEIGHT, torch.device("cpu")).irradiance(upper))
    return float(luminance(near).mean() * math.pi / falls)


def test_snow_is_white_under_a_morning_deck(renderer: SkyRenderer) -> None:
    """It was as brown as the light of a low sun that comes through."""
    dim = [
        sky(time=Time.MORNING, sun_elevation=20.0, clouds=Clouds.OVERCAST, ground=Ground.SNOW, seed=seed)
        for seed in range(4)
    ]
    red, _, blue = renderer.render(dim, HEIGHT)[:, :, HEIGHT // 2 + 10 :].mean((0, 2, 3))
    assert red < 1.15 * blue


@pytest.mark.parametrize(
    ("hour", "clouds"),
    [(NOON, Clouds.OVERCAST), (GOLDEN, Clouds.OVERCAST), (SUNSET, Clouds.OVERCAST), (NOON, Clouds.STORM)],
)
def test_snow_under_clouds_is_a_little_darker_than_they(renderer: SkyRenderer, hour: dict, clouds: Clouds) -> None:
    """Fresh snow throws back 0.8. Under darker clouds it is shown brighter than lit, as an eye that adapts sees it."""
    skies = [sky(**hour, ground=Ground.SNOW, clouds=clouds, seed=seed) for seed in range(8)]  # the deck is uneven
    assert 0.75 < sum(thrown_back(renderer, one) for one in skies) / len(skies) < 0.9


@pytest.mark.parametrize(("ground", "albedo"), [(Ground.DESERT, 0.37), (Ground.GRASS, 0.13)])
@pytest.mark.parametrize("clouds", [Clouds.CLEAR, Clouds.OVERCAST])
def test_ground_throws_back_its_share_in_the_sun_and_under_clouds(
    renderer: SkyRenderer, ground: Ground, albedo: float, clouds: Clouds
) -> None:
    assert thrown_back(renderer, sky(ground=ground, clouds=clouds)) == pytest.approx(albedo, rel=0.1)


@pytest.mark.parametrize("range_", ["mountains", "hills"])
@pytest.mark.parametrize("ground", [Ground.GRASS, Ground.DESERT])
def test_no_far_air_shines_before_a_range(renderer: SkyRenderer, ground: Ground, range_: str) -> None:
    """The ground at its foot is no brighter than it and the ground nearer by."""
    rows = luminance(renderer.render([sky(**GOLDEN, ground=ground, **{range_: True})], HEIGHT))[0].mean(1)
    horizon = HEIGHT // 2
    foot, edge, near = rows[horizon - 2 : horizon], rows[horizon : horizon + 2], rows[horizon + 12 : horizon + 24]
    assert edge.mean() < 1.1 * max(foot.mean(), near.mean())


@pytest.mark.parametrize("elevation", [13.0, 20.0])
def test_a_mornings_sun_stands_in_no_pillar(renderer, elevation):
    """What is bright on the horizon below it is so neither near the zenith nor on the ground at one's feet."""
    morning = sky(time=Time.MORNING, sun_elevation=elevation, ground=Ground.GRASS, aerosol=0.8)
    seen = luminance(renderer.render([morning], HEIGHT))[0]
    for top, bottom, most in ((45, 62, 1.4), (-80, -52, 1.12)):  # degrees above the horizon
        columns = seen[int((90 - bottom) * DEGREE) : int((90 - top) * DEGREE)].mean(0)
        ahead, aside = columns[HEIGHT - 8 : HEIGHT + 8], columns[HEIGHT - 80 : HEIGHT - 64]  # aside: 51 degrees
        assert ahead.mean() / aside.mean() < most, (top, bottom)
