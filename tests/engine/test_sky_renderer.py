"""The procedural sky renderer: wraps, repeats, puts the sun where it is told, keeps day brighter than night."""

import dataclasses
import math
import random

import pytest
import torch

from engine.sky import Clouds, Glow, Ground, SkyParameters, SkyRenderer, Time, sample_parameters
from engine.sky.captions import caption, plain_caption, sun_hint, vocabulary
from engine.sky.noise import hash_uniform
from engine.sky.phrases import CLOUDS, GROUNDS, TIMES
from training.held_out import HELD_OUT, HELD_OUT_MOUNTAINS

HEIGHT = 64


@pytest.fixture(scope="module")
def renderer() -> SkyRenderer:
    return SkyRenderer(seed=0)


@pytest.fixture(scope="module")
def skies() -> list[SkyParameters]:
    """One of every time, cloud kind and ground at least."""
    rng = random.Random(5)
    pairs = [(time, clouds) for time in Time for clouds in (Clouds.CLEAR, Clouds.BROKEN)]
    varied = [sample_parameters(rng, time=time, clouds=clouds) for time, clouds in pairs]
    varied += [sample_parameters(rng, time=Time.NOON, clouds=clouds) for clouds in Clouds]
    return varied + [sample_parameters(rng, time=Time.GOLDEN, ground=ground, mountains=True) for ground in Ground]


@pytest.fixture(scope="module")
def pictures(renderer: SkyRenderer, skies: list[SkyParameters]) -> torch.Tensor:
    return renderer.render(skies, HEIGHT)


def test_radiance_is_finite_and_not_negative(pictures: torch.Tensor, skies: list[SkyParameters]) -> None:
    assert pictures.shape == (len(skies), 3, HEIGHT, 2 * HEIGHT)
    assert torch.isfinite(pictures).all()
    assert pictures.min() >= 0
    assert pictures.max() <= 65504


def test_panorama_wraps(pictures: torch.Tensor) -> None:
    """The step over the seam is like the steps everywhere else."""
    shown = pictures.clamp(max=2)
    seam = (shown[..., 0] - shown[..., -1]).abs().mean()
    steps = (shown[..., 1:] - shown[..., :-1]).abs().mean((0, 1, 2))
    assert seam < steps.mean() + 4 * steps.std()


def test_turning_the_sun_turns_the_clear_sky(renderer: SkyRenderer) -> None:
    """Exact wrap: a clear sky at noon over snow depends on the angle from the sun alone, stars and noise aside."""
    sky = _clear(sun_azimuth=90.0)
    turned = dataclasses.replace(sky, sun_azimuth=90.0 + 45.0)
    a, b = (renderer.render([s], HEIGHT)[:, :, : HEIGHT // 2] for s in (sky, turned))
    torch.testing.assert_close(a.roll(2 * HEIGHT // 8, -1), b, rtol=2e-3, atol=1e-4)


def test_same_seed_same_picture(renderer: SkyRenderer, skies: list[SkyParameters], pictures: torch.Tensor) -> None:
    """And a picture does not depend on the batch it is rendered in."""
    alone = SkyRenderer(seed=0).render([skies[3]], HEIGHT)
    torch.testing.assert_close(alone[0], pictures[3], rtol=1e-4, atol=1e-5)
    other = renderer.render([dataclasses.replace(skies[3], seed=skies[3].seed + 1)], HEIGHT)
    assert (other[0] - pictures[3]).abs().mean() > 1e-3


def test_reseeding_draws_other_clouds() -> None:
    sky = sample_parameters(random.Random(1), time=Time.NOON, clouds=Clouds.BROKEN)
    renderer = SkyRenderer(seed=0)
    before = renderer.render([sky], HEIGHT)
    renderer.reseed(1)
    assert (renderer.render([sky], HEIGHT) - before).abs().mean() > 1e-3
    renderer.reseed(0)
    torch.testing.assert_close(renderer.render([sky], HEIGHT), before)


@pytest.mark.parametrize(("azimuth", "elevation"), [(90.0, 30.0), (0.0, 55.0), (265.0, 12.0), (271.0, 20.0)])
def test_brightest_pixel_is_the_sun(renderer: SkyRenderer, azimuth: float, elevation: float) -> None:
    height = 128
    picture = renderer.render([_clear(sun_azimuth=azimuth, sun_elevation=elevation)], height).sum(1)[0]
    row, column = divmod(int(picture.argmax()), 2 * height)
    found_elevation = 90 - (row + 0.5) * 180 / height
    found_azimuth = ((column + 0.5) / (2 * height) * 360 - 90) % 360
    pixel = 180 / height
    assert abs(found_elevation - elevation) <= 1.5 * pixel
    assert abs((found_azimuth - azimuth + 180) % 360 - 180) <= 1.5 * pixel


def test_sun_carries_its_light_at_every_size(renderer: SkyRenderer) -> None:
    """Irradiance facing the sun does not depend on how many pixels the disc covers."""
    totals = []
    for height in (64, 128, 192):
        picture = renderer.render([_clear(sun_elevation=45.0)], height)[:, :, : height // 2].mean(1)
        rows = (torch.arange(height // 2) + 0.5) * torch.pi / height
        totals.append(float((picture * rows.sin()[:, None]).sum() * (torch.pi / height) ** 2))
    assert max(totals) / min(totals) < 1.1


def test_noon_is_brighter_than_sunset_is_brighter_than_night(renderer: SkyRenderer) -> None:
    rng = random.Random(2)
    means = []
    for time in (Time.NOON, Time.SUNSET, Time.NIGHT):
        skies = [sample_parameters(rng, time=time, clouds=Clouds.CLEAR, aurora=False) for _ in range(4)]
        means.append(float(renderer.render(skies, HEIGHT).mean()))
    assert means[0] > 1.5 * means[1] > 1.5 * 1.5 * means[2]


@pytest.mark.parametrize("clouds", [Clouds.CLEAR, Clouds.OVERCAST])
def test_a_morning_is_seen_where_its_sun_is_not(renderer: SkyRenderer, clouds: Clouds) -> None:
    """Away from the sun, too: a warmer horizon than noon's, and mist that makes far ground paler than near."""
    skies = [_clear(time=time, clouds=clouds, ground=Ground.GRASS) for time in (Time.NOON, Time.MORNING)]
    pictures = renderer.render([dataclasses.replace(sky, sun_elevation=26.0) for sky in skies], HEIGHT)
    behind = pictures.roll(HEIGHT // 2, -1)[..., : HEIGHT // 2]
    low, far, near = (behind[:, :, rows].mean((2, 3)) for rows in (slice(26, 32), slice(33, 36), slice(44, 60)))
    warmth, paleness = low[:, 0] / low[:, 2], far.sum(1) / near.sum(1)
    assert warmth[1] > 1.1 * warmth[0]
    assert paleness[1] > 1.1 * paleness[0]


def test_moonlit_ground_is_bluer_and_brighter_than_a_dark_nights(renderer: SkyRenderer) -> None:
    skies = [_clear(time=Time.NIGHT, sun_elevation=-18.0, ground=Ground.GRASS)]
    skies.append(dataclasses.replace(skies[0], time=Time.MOON, sun_elevation=30.0))
    night, moon = renderer.render(skies, HEIGHT)[:, :, HEIGHT // 2 :].mean((2, 3))
    assert moon.sum() > 1.3 * night.sum()
    assert moon[2] / moon[1] > 1.1 * night[2] / night[1]


def test_storm_is_darker_than_clear(renderer: SkyRenderer) -> None:
    clear, storm = (_clear(clouds=clouds) for clouds in (Clouds.CLEAR, Clouds.STORM))
    a, b = renderer.render([clear, storm], HEIGHT).clamp(max=4).mean((1, 2, 3))
    assert b < 0.6 * a


@pytest.mark.parametrize("clouds", [Clouds.FEW, Clouds.SCATTERED, Clouds.BROKEN, Clouds.CIRRUS, Clouds.MACKEREL])
def test_cover_covers_more(renderer: SkyRenderer, clouds: Clouds) -> None:
    """Clouds are greyer than the sky behind them."""
    skies = [_clear(clouds=clouds, cover=cover) for cover in (0.0, 0.5, 1.0)]
    high = renderer.render(skies, HEIGHT)[:, :, : HEIGHT // 3]
    little, usual, much = (high[:, 0] / high.sum(1)).mean((1, 2)).tolist()
    assert little < usual - 0.005 and usual < much - 0.005


def test_batch_may_mix_everything_at_any_size(renderer: SkyRenderer, skies: list[SkyParameters]) -> None:
    picture = renderer.render(skies[::5], 34)
    assert picture.shape[2:] == (34, 68)
    assert torch.isfinite(picture).all()


def test_hash_is_uniform_and_known() -> None:
    """The first value is pinned: a change here would change every sky that anyone has saved."""
    values = hash_uniform(torch.tensor([1, 2]), 3, 100, 100)
    assert 0.49 < values.mean() < 0.51
    assert abs(values.var() - 1 / 12) < 0.002
    assert abs(torch.corrcoef(values.flatten(1))[0, 1]) < 0.03
    assert values[0, 0, 0].item() == pytest.approx(0.7883831, abs=1e-6)


def test_caption_says_what_is_there() -> None:
    rng = random.Random(7)
    for _ in range(300):
        sky = sample_parameters(rng)
        text = caption(sky, rng)
        said = [any(word in text for word in table[kind]) for table, kind in _said(sky)]
        assert said[0] or sky.time == Time.NOON
        assert sum(said) >= 2


def test_plain_caption_uses_first_words() -> None:
    sky = _clear(time=Time.SUNSET, ground=Ground.SEA, glow=Glow.PINK, mountains=True, haze=True)
    assert plain_caption(sky) == "sunset over the sea, clear sky, mountains, haze, pink sky"


def test_caption_does_not_promise_a_hidden_milky_way() -> None:
    rng = random.Random(8)
    skies = [sample_parameters(rng) for _ in range(500)]
    starry = [sky for sky in skies if sky.milky_way or sky.aurora]
    assert starry
    assert all(sky.time == Time.NIGHT for sky in starry)
    assert not any(sky.clouds in (Clouds.OVERCAST, Clouds.STORM) for sky in starry)


def test_held_out_paraphrases_are_never_taught() -> None:
    assert set(HELD_OUT) == {*Time, *Clouds, *Ground}
    held_out = {phrase for pair in (*HELD_OUT.values(), HELD_OUT_MOUNTAINS) for phrase in pair}
    rng = random.Random(10)
    captions = [caption(sample_parameters(rng), rng) for _ in range(2000)]
    assert not held_out & set(vocabulary())
    assert not [phrase for phrase in held_out if any(phrase in text for text in captions)]


@pytest.mark.parametrize("elevation", [1.5, 8.0])
@pytest.mark.parametrize("before", [{"mountains": True}, {"hills": True}, {"ground": Ground.FOREST}])
def test_a_low_sun_is_not_hidden_by_what_stands_on_the_horizon(
    renderer: SkyRenderer, before: dict[str, object], elevation: float
) -> None:
    """The sky's brightest place is where it is over a plain, and it is as bright."""
    time = Time.SUNSET if elevation < 4 else Time.GOLDEN
    low = [_clear(time=time, sun_elevation=elevation, sun_azimuth=90.0, seed=seed, **before) for seed in range(4)]
    plain = renderer.render([_clear(time=time, sun_elevation=elevation, sun_azimuth=90.0)], 4 * HEIGHT)[0].mean(0)
    row, column = divmod(int(plain.argmax()), plain.shape[1])
    for picture in renderer.render(low, 4 * HEIGHT).mean(1):
        assert picture[row, column] > 0.7 * plain[row, column]
        assert (picture[row, column] >= 0.99 * picture.max()).all()


@pytest.mark.parametrize(("kind", "least", "most"), [("mountains", 8, 31), ("hills", 3, 11)])
def test_ranges_stand_on_the_horizon(renderer: SkyRenderer, kind: str, least: float, most: float) -> None:
    """Their highest point, in degrees, is where the picture differs from one without them."""
    bare, ranges = renderer.render([_clear(), _clear(**{kind: True})], HEIGHT)
    changed = ((ranges - bare).abs().amax(0) > 0.2 * bare.mean(0))[: HEIGHT // 2].any(1)
    highest = 90 - int(changed.nonzero()[0]) * 180 / HEIGHT
    assert least <= highest <= most


@pytest.mark.parametrize("kind", ["mountains", "hills", None])
def test_what_stands_on_the_horizon_is_where_it_changes_the_sky(renderer: SkyRenderer, kind: str | None) -> None:
    flat = dataclasses.replace(_clear(), ground=Ground.GRASS)
    sky = dataclasses.replace(flat, **({kind: True} if kind else {}))
    stands = renderer.standing(sky, HEIGHT)[0]
    apart = (renderer.render([sky], HEIGHT)[0] / renderer.render([flat], HEIGHT)[0]).log().abs().mean(0)
    assert stands.shape == apart.shape
    assert (stands.max() > 0.9) == (kind is not None)
    assert stands[HEIGHT // 2 :].max() == 0
    upper = slice(0, HEIGHT // 2)
    assert apart[upper][stands[upper] < 0.01].mean() < 0.1  # exposure
    if kind:
        assert apart[upper][stands[upper] > 0.9].mean() > 0.3


def test_grass_stands_upright(renderer: SkyRenderer) -> None:
    """Its leaves are drawn out towards the viewer, but for those at the feet, which are seen from above."""
    height = 1024
    meadow = renderer.render([dataclasses.replace(_clear(), ground=Ground.GRASS)], height)[0].log().mean(0)
    across, down = meadow[:-1].diff(dim=1).abs(), meadow[:, 1:].diff(dim=0).abs()

    def upright(elevation: int) -> float:
        rows = slice(*(round((90 - edge) / 180 * height) for edge in (elevation + 8, elevation - 8)))
        return (across[rows].mean() / math.cos(math.radians(elevation)) / down[rows].mean()).item()

    assert upright(-25) > 1.4
    assert upright(-45) > 1.4
    assert 0.7 < upright(-80) < 1.3


def test_glow_colours_a_sunset(renderer: SkyRenderer) -> None:
    skies = [_clear(time=Time.SUNSET, sun_elevation=2.0, glow=glow) for glow in (Glow.GOLDEN, Glow.RED, Glow.PINK)]
    red, green, blue = renderer.render(skies, HEIGHT)[:, :, : HEIGHT // 2].clamp(max=2).mean((2, 3)).unbind(1)
    assert (red / green).argmax() == 1
    assert (blue / green).argmax() == 2


def test_sun_hint_knows_the_window() -> None:
    rng = random.Random(9)
    sky = _clear(sun_azimuth=80.0)
    assert sun_hint(sky, 0.0, rng) in ("sun in view", "facing the sun")
    assert sun_hint(sky, 180.0, rng) in ("sun behind", "no sun in view", "away from the sun")
    assert sun_hint(dataclasses.replace(sky, clouds=Clouds.OVERCAST), 0.0, rng) == ""


def _clear(**fields: object) -> SkyParameters:
    defaults = {
        "time": Time.NOON,
        "clouds": Clouds.CLEAR,
        "ground": Ground.SNOW,
        "sun_elevation": 45.0,
        "sun_azimuth": 90.0,
        "seed": 3,
    }
    return SkyParameters(**(defaults | fields))  # type: ignore[arg-type]


def _said(sky: SkyParameters) -> list[tuple[dict, object]]:
    return [(TIMES, sky.time), (CLOUDS, sky.clouds), (GROUNDS, sky.ground)]
