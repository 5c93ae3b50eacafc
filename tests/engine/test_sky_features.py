"""What the renderer draws beyond the skies that taught the bundled model: it looks as it is named, and is never taught
by accident.
"""

import dataclasses
import math
import random
import re

import pytest
import torch
from torch import Tensor

from engine.models.folder import find_model
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time, sample_parameters
from engine.sky.captions import vocabulary
from engine.sky.parameters import MoonPhase
from engine.sphere.gnomonic import View, render
from engine.sphere.resampling import reader, sample
from training.untaught import add_features, feature_vocabulary, featured_caption, moon_kind, said

HEIGHT = 128
DEGREE = HEIGHT / 180  # pixels
LUMINANCE = torch.tensor((0.2126, 0.7152, 0.0722))[:, None, None]
NIGHT = {"time": Time.NIGHT, "sun_elevation": -18.0}
MOON = {"time": Time.MOON, "sun_elevation": 30.0}
_RAYS = {"rays": True, "clouds": Clouds.SCATTERED}
KINDS: dict[str, dict] = {
    "thunderhead": {"thunderhead": 90.0},
    "rays": _RAYS,
    "fog": {"fog": True},
    "skyline": {"city": 90.0, "skyline": True},
    "skyline by night": {"city": 90.0, "skyline": True, **NIGHT},
    "glow": {"city": 90.0, **NIGHT},
    "coast": {"sea": 90.0},
    "crescent": {"moon_phase": 0.15, **MOON},
    "all": {"thunderhead": 40.0, "fog": True, "city": 200.0, "skyline": True, "sea": 20.0} | _RAYS,
}


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


def sky(**fields: object) -> SkyParameters:
    usual = {
        "time": Time.NOON,
        "clouds": Clouds.CLEAR,
        "ground": Ground.GRASS,
        "sun_elevation": 40.0,
        "sun_azimuth": 90.0,
        "seed": 3,
    }
    return SkyParameters(**(usual | fields))  # type: ignore[arg-type]


def column(azimuth: float, height: int = HEIGHT) -> int:
    """Azimuth 90 is in the middle."""
    return int((azimuth + 90) % 360 / 180 * height)


def turned(parameters: SkyParameters, degrees: float) -> SkyParameters:
    names = ("sun_azimuth", "thunderhead", "city", "sea")
    angles = {name: getattr(parameters, name) for name in names}
    return dataclasses.replace(parameters, **{name: a + degrees for name, a in angles.items() if a is not None})


@pytest.mark.parametrize("kind", KINDS)
def test_it_wraps_where_it_stands_on_the_seam(renderer: SkyRenderer, kind: str) -> None:
    picture = renderer.render([turned(sky(**KINDS[kind]), 180)], HEIGHT)[0].clamp(max=2)
    steps = (picture - picture.roll(1, -1)).abs().mean((0, 1))
    assert torch.isfinite(picture).all() and picture.min() >= 0
    assert steps[0] < steps.mean() + 4 * steps.std()


@pytest.mark.parametrize("kind", KINDS)
def test_poles_are_as_even_as_without_it(renderer: SkyRenderer, kind: str) -> None:
    fields = KINDS[kind]
    plain = {name: value for name, value in fields.items() if name in ("time", "clouds", "sun_elevation")}
    pictures = renderer.render([sky(**plain), sky(**fields)], 256)
    for row in (0, -1):
        pole = pictures[:, :, row]
        before, after = ((pole.amax(2) - pole.amin(2)).amax(1) / pole.mean((1, 2))).tolist()
        assert after < 1.2 * before + 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_does_not_depend_on_its_batch(renderer: SkyRenderer, kind: str) -> None:
    plain = sky(clouds=Clouds.FEW, seed=8)
    together = renderer.render([plain, sky(**KINDS[kind])], 64)
    for i, one in enumerate((plain, sky(**KINDS[kind]))):
        torch.testing.assert_close(renderer.render([one], 64)[0], together[i], rtol=1e-4, atol=1e-5)


def test_a_thunderhead_turns_with_its_azimuth(renderer: SkyRenderer) -> None:
    """Exactly, as does the clear sky around it."""
    one = sky(thunderhead=70.0, ground=Ground.SNOW)
    a, b = (renderer.render([p], HEIGHT)[0, :, : HEIGHT // 2] for p in (one, turned(one, 45)))
    torch.testing.assert_close(a.roll(HEIGHT // 4, -1), b, rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_thunderhead_has_a_flat_top_that_is_wider_than_its_waist(renderer: SkyRenderer, seed: int) -> None:
    """As a camera sees it that looks there."""
    bare, storm = renderer.render([sky(seed=seed, sun_azimuth=200.0, thunderhead=t) for t in (None, 90.0)], 256)
    flat = [render(reader(picture), 256, View(90, 15, 90, 200)) for picture in (bare, storm)]
    cloud = ((flat[1] - flat[0]).abs().amax(0) > 0.12 * flat[0].mean(0))[:130]  # rows above the horizon
    widths = cloud.sum(1)
    top = int((widths > 10).nonzero()[0])
    middle = (top + 130) // 2
    assert widths[top : top + 12].max() > 1.6 * widths[middle - 5 : middle + 12].min()
    roof = cloud.int().argmax(0)[cloud[: top + 12].any(0)]
    assert len(roof) > 50 and roof.float().std() < 5


def _light_around(renderer: SkyRenderer, parameters: SkyParameters, centre: float, away: float) -> Tensor:
    """How a sky with rays differs from itself without, on half a circle *away* radians below *centre* (azimuth)."""
    with_rays, without = renderer.render([dataclasses.replace(parameters, rays=r) for r in (True, False)], 256)
    around = torch.linspace(math.pi * 1.1, math.pi * 1.9, 120)
    rise, turn = math.radians(parameters.sun_elevation), math.radians(90 - centre)
    towards = torch.tensor((math.cos(rise) * math.cos(turn), math.cos(rise) * math.sin(turn), math.sin(rise)))
    right = torch.tensor((math.sin(turn), -math.cos(turn), 0.0))
    up = torch.linalg.cross(right, towards)
    circle = towards[:, None] * math.cos(away) + math.sin(away) * (
        right[:, None] * around.cos() + up[:, None] * around.sin()
    )
    lights = [sample(reader(picture), 256, circle[:, None])[:, 0].sum(0) for picture in (with_rays, without)]
    difference = lights[0] / lights[1]
    return (difference - difference.mean()) / difference.std()


def test_rays_run_straight_from_the_sun(renderer: SkyRenderer) -> None:
    """Beams at one distance from the sun go on at another in the same direction, and from no other place."""
    skies = [sky(sun_elevation=35.0, seed=seed) for seed in (4, 5, 6, 7)]
    alike = {}
    for centre in (90.0, 118.0):
        circles = [[_light_around(renderer, p, centre, away) for away in (0.35, 0.45)] for p in skies]
        alike[centre] = sum(float((near * far).mean()) for near, far in circles) / len(skies)
    assert alike[90.0] > 0.55 > 0.35 > alike[118.0]


def test_a_cloud_stands_before_the_sun_of_rays(renderer: SkyRenderer) -> None:
    shining, hidden = renderer.render([sky(rays=r) for r in (False, True)], HEIGHT).amax((1, 2, 3))
    assert hidden < 0.1 * shining


def test_a_skyline_is_no_comb(renderer: SkyRenderer) -> None:
    """Roofs of many heights and houses of many widths, highest in its middle, none behind the viewer."""
    bare, city = renderer.render([sky(city=c, skyline=c is not None, sun_azimuth=270.0) for c in (None, 90.0)], 512)
    changed = ((city - bare).abs().amax(0) > 0.08 * bare.mean(0))[:256]
    roofs = changed.flip(0).int().cumprod(0).sum(0)
    middle = roofs[column(50, 512) : column(130, 512)]
    assert roofs[column(280, 512) : column(340, 512)].max() <= 2
    assert len(middle.unique()) > 8 and middle.max() > 2.5 * middle.float().median() > 0
    walls = ((middle[1:] - middle[:-1]).abs() > 1).nonzero()[:, 0]
    widths = walls[1:] - walls[:-1]
    assert widths.float().std() > 0.5 * widths.float().mean()


def test_a_city_lights_up_at_night(renderer: SkyRenderer) -> None:
    def brightest(**fields: object) -> Tensor:
        bare, city = renderer.render([sky(**fields), sky(city=90.0, skyline=True, **fields)], 256)
        low = (city - bare).amax(0)[108:126, column(60, 256) : column(120, 256)]
        return (low > 0.3).float().mean()

    assert brightest(**NIGHT) > 0.03 > 0.003 > brightest(sun_azimuth=270.0)


def test_a_citys_glow_is_seen_by_night_alone_and_over_it(renderer: SkyRenderer) -> None:
    def added(azimuth: float, **fields: object) -> float:
        bare, glow = renderer.render([sky(milky_way=False, **fields), sky(city=90.0, **fields)], HEIGHT)
        at = slice(column(azimuth) - 8, column(azimuth) + 8)
        return float((glow.sum(0)[50:62, at].mean() / bare.sum(0)[50:62, at].mean()).item())

    assert added(90, **NIGHT) > 2 > 1.4 > added(269, **NIGHT)
    assert added(90) == pytest.approx(1, abs=1e-3)


def test_fog_lies_low_in_banks_with_soft_edges(renderer: SkyRenderer) -> None:
    bare, foggy = renderer.render([sky(fog=f, sun_azimuth=270.0) for f in (False, True)], 256).sum(1)
    changed = (foggy - bare).abs()
    beyond = torch.cat([(changed / bare)[:100], (changed / bare)[150:]])
    assert beyond.max() < 0.1  # the exposure changes a little
    banks = changed[129:136].mean(0)
    assert banks.max() > 1 and banks.quantile(0.1) < 0.35 * banks.max()
    away = slice(column(40, 256), column(140, 256))  # from the sun
    steps = (changed[1:, away] - changed[:-1, away]).abs() / banks.max()
    assert steps[100:126].max() < 0.15


def test_a_coast_has_the_sea_on_one_side(renderer: SkyRenderer) -> None:
    """Below the horizon it is blue there, and land as without a coast behind the viewer."""
    for azimuth in (90.0, 300.0):
        inland, coast, sea = renderer.render(
            [sky(sun_azimuth=0.0), sky(sun_azimuth=0.0, sea=azimuth), sky(sun_azimuth=0.0, ground=Ground.SEA)], HEIGHT
        )
        rows = slice(HEIGHT // 2 + 2, HEIGHT // 2 + 7)
        blue = (coast[2] / coast.sum(0))[rows].mean(0)
        land, water = ((p[2] / p.sum(0))[rows].mean() for p in (inland, sea))
        middle = (land + water) / 2
        assert blue[column(azimuth)] > middle > blue[column(azimuth + 180)]
        assert 0.25 < (blue > middle).float().mean() < 0.6


def test_land_stands_on_the_lands_side_of_a_coast(renderer: SkyRenderer) -> None:
    bare, coast = renderer.render([sky(sun_azimuth=0.0, sea=90.0, mountains=m) for m in (False, True)], HEIGHT)
    high = ((coast - bare).abs().amax(0) > 0.2 * bare.mean(0))[: HEIGHT // 2].sum(0)
    assert high[column(60) : column(120)].max() == 0
    assert high[column(275) : column(330)].min() > 2


def test_a_moon_waxes_on_its_right_and_sends_less_light(renderer: SkyRenderer) -> None:
    phases = (0.0, 0.25, 0.5, 0.75)
    pictures = renderer.render([sky(moon_phase=p, **MOON) for p in phases], 1024).sum(1)
    around = pictures[:, 331:353, 1013:1035]  # of elevation 30, azimuth 90
    new, first, full, last = around.flatten(1).sum(1).tolist()
    assert new < 0.2 * full and first == pytest.approx(last, rel=0.15) and 0.2 < first / full < 0.75
    left, right = around[..., :11].sum((1, 2)), around[..., 11:].sum((1, 2))
    assert right[1] > 1.6 * left[1] and left[3] > 1.6 * right[3]
    grounds = pictures[:, 600:].mean((1, 2))
    assert grounds[0] < grounds[1] < grounds[2]


def test_random_skies_have_none_of_it_unless_it_is_added() -> None:
    rng = random.Random(12)
    plain = [sample_parameters(rng) for _ in range(300)]
    assert not [p for p in plain if any(said(p))]
    featured = [add_features(p, rng) for p in plain]
    names = [
        f.name for f in dataclasses.fields(SkyParameters) if f.default is None or f.name in ("rays", "fog", "skyline")
    ]
    assert all(5 < sum(getattr(p, name) not in (None, False) for p in featured) < 200 for name in names)
    assert not [p for p in featured if p.sea is not None and p.ground in (Ground.SEA, Ground.LAKE)]
    assert not [p for p in featured if p.rays and p.clouds in (Clouds.OVERCAST, Clouds.STORM)]


def test_captions_say_the_features() -> None:
    rng = random.Random(13)
    for _ in range(400):
        p = add_features(sample_parameters(rng), rng)
        text = featured_caption(p, rng)
        assert all(any(phrase in text for phrase in words) for words in said(p) if words)
        others = [phrase for phrase in feature_vocabulary() if not any(phrase in words for words in said(p))]
        loose = {"city lights beyond the horizon", "the coast", "a coast"}
        assert not [phrase for phrase in others if phrase in text and phrase not in loose]
        assert "full moon" not in text or moon_kind(p.moon_phase) == "full"


def test_moons_are_named_by_phase() -> None:
    assert [moon_kind(p) for p in (0.0, 0.1, 0.25, 0.4, 0.5)] == list(MoonPhase)
    assert moon_kind(0.9) == "crescent"


def test_the_bundled_model_claims_no_word_for_what_it_was_not_taught() -> None:
    """Words for features are unknown to it unless the grammar that taught it has them, too."""
    words = {name: _words(phrases) for name, phrases in (("taught", vocabulary()), ("new", feature_vocabulary()))}
    untaught = words["new"] - words["taught"]
    assert {"cumulonimbus", "skyline", "crescent", "coast", "sunbeams"} <= untaught
    assert not untaught & set(find_model("sky-small").card["vocabulary"])


def _words(phrases: list[str]) -> set[str]:
    return {word for phrase in phrases for word in re.findall(r"[^\W\d_]+", phrase.lower())}
