"""Layouts that are drawn from a prompt: what it says is in them, and the bundled model begins with one."""

import numpy as np
import pytest
import torch
from PIL import Image

from engine.composition import encode
from engine.errors import BadRequest
from engine.job import BUNDLED_MODEL, Job, Layout
from engine.notices import notices
from engine.pipeline import generate
from engine.plan import plan
from engine.start.given import gather
from engine.start.layout import draw, sky_parameters
from engine.start.prompt_layout import beginning, layout_of
from engine.start.reading import read_display

CPU = torch.device("cpu")


def test_a_layout_has_what_the_prompt_says_and_the_seed_decides_the_rest():
    layouts = [layout_of("sunset with wispy clouds, mountains", seed) for seed in range(12)]
    assert {(one.light, one.clouds, one.horizon) for one in layouts} == {("sun", "cirrus", "mountains")}
    assert all(0.3 <= one.elevation <= 4.0 for one in layouts)
    assert len({one.azimuth for one in layouts}) == 12
    assert len({one.ground for one in layouts}) > 2
    assert layouts[3] == layout_of("sunset with wispy clouds, mountains", 3)


@pytest.mark.parametrize(
    "prompt", ["noon", "morning", "golden hour", "sunset", "dusk", "night", "full moon", "overcast"]
)
def test_a_layout_of_every_hour_can_be_drawn(prompt):
    layout = layout_of(prompt, 5)
    assert layout is not None
    assert torch.isfinite(draw(layout, 16)).all()
    assert layout.light == {"night": "stars", "full moon": "moon"}.get(prompt, "sun")


def test_what_the_negative_prompt_names_is_not_drawn_by_the_seed():
    skies = [layout_of("noon", seed, "clouds, trees, a lake") for seed in range(30)]
    assert {one.clouds for one in skies} == {"clear"}
    assert "forest" in {layout_of("noon", seed, "storm clouds").ground for seed in range(30)}
    assert {one.ground for one in skies} == {"sea", "desert", "grass"}
    assert layout_of("noon", 1, "sea, sand, grass, trees, a lake") is not None
    said = layout_of("noon, cirrus over a lake", 1, "clouds, a lake")
    assert (said.clouds, said.ground) == ("cirrus", "lake")


def test_the_rest_of_what_it_names_is_not_drawn_by_itself_either():
    def drawn(prompt, negative):
        return [layout_of(prompt, seed, negative) for seed in range(30)]

    assert {one.ground for one in drawn("noon", "water")} == {"desert", "grass", "forest"}
    assert {one.clouds for one in drawn("noon", "wispy clouds")} == {"few", "scattered"}
    assert {one.light for one in drawn("scattered clouds", "midday, daylight")} == {"sun"}
    assert all(one.elevation < 30 for one in drawn("scattered clouds", "midday"))
    assert {one.glow for one in drawn("sunset", "orange")} == {"golden"}
    assert [one.mist for one in drawn("morning", "fog")[:1] + drawn("misty morning", "fog")[:1]] == [False, True]
    assert [drawn("night, few clouds", unwanted)[0].milky_way for unwanted in ("milky way", "")] == [False, True]


def test_a_sun_or_stars_that_it_names_are_hidden():
    for prompt, negative, hidden in (
        ("golden hour", "the sun", {"overcast"}),
        ("starry night", "stars", {"overcast"}),
        ("moonlit night", "stars", {"overcast"}),
        ("noon", "sun, overcast", {"few", "scattered", "cirrus"}),
        ("noon", "sun rays", {"few", "scattered", "cirrus"}),
        ("moonlit night", "sun", {"few", "scattered", "cirrus"}),
    ):
        assert {layout_of(prompt, seed, negative).clouds for seed in range(30)} == hidden, (prompt, negative)
    sunsets = [layout_of("sunset", seed, "sun") for seed in range(30)]
    assert {one.shows for one in sunsets} == {"none"}
    assert {one.clouds for one in sunsets} == {"few", "scattered", "cirrus"}
    assert all(-4 <= one.elevation <= -1 for one in sunsets)


def test_a_sun_that_cannot_be_hidden_is_told(bundled):
    def told(prompt, negative, **fields):
        asked = Job(prompt=prompt, negative=negative, seed=4, **fields)
        return [notice.code for notice in notices(asked, bundled, plan(asked, bundled).job)]

    assert told("noon, scattered clouds", "sun") == ["negative_unused"]
    for prompt, negative in (("noon", "sun"), ("noon, scattered clouds", "sunset"), ("sunset, few clouds", "sun")):
        assert told(prompt, negative) == []
    assert told("noon", "clouds", guidance=1.0) == [], "it is heard in the drawing"
    assert told("noon", "clouds", guidance=1.0, layout="none") == ["negative_unused"]


def test_what_only_the_renderer_can_draw_is_in_it():
    beach = layout_of("a sickle moon over a sandy beach, city lights", 1)
    assert (beach.light, beach.ground, beach.city_glow) == ("moon", "coast", True)
    assert 0 < beach.moon_phase < 0.25
    tower = layout_of("a towering thunderhead behind a city, fog banks", 1)
    assert (tower.light, tower.clouds, tower.horizon, tower.fog) == ("sun", "cumulonimbus", "city", True)
    beams = [layout_of("god rays in the golden evening", seed) for seed in range(30)]
    assert {(one.rays, one.clouds) for one in beams} == {(True, "few"), (True, "scattered")}
    starry = [layout_of("starry night with the milky way", seed) for seed in range(30)]
    assert {(one.milky_way, one.clouds) for one in starry} == {(True, "clear"), (True, "few")}
    cloudy = layout_of("the milky way between scattered clouds at night", 1)
    assert (cloudy.milky_way, cloudy.clouds, sky_parameters(cloudy).milky_way) == (True, "scattered", True)
    assert not layout_of("night, scattered clouds", 1).milky_way
    for prompt in ("dusk, a skyline", "sunset in the mountains"):
        assert "forest" not in {layout_of(prompt, seed).ground for seed in range(30)}


def test_a_prompt_that_says_neither_hour_nor_clouds_has_none(nano):
    assert layout_of("a castle over the sea", 1) is None
    with pytest.raises(BadRequest, match="says nothing of the hour"):
        plan(Job(prompt="a castle over the sea", layout="prompt", width=128), nano)


@pytest.fixture
def bundled(warm):
    return warm.get(BUNDLED_MODEL, CPU)


def test_the_bundled_model_begins_with_it_where_the_prompt_stands_alone(bundled, tmp_path):
    complete = plan(Job(prompt="sunset over the sea", seed=4), bundled).job
    assert (complete.layout, complete.strength) == ("prompt", 0.6)
    assert plan(complete, bundled).job == complete
    assert beginning(complete) == layout_of("sunset over the sea", 4)
    for other in ({"layout": "none"}, {"regions": [{"prompt": "storm clouds"}]}, {"start": "a.png"}):
        job = plan(Job(prompt="sunset over the sea", seed=4, **other), bundled).job
        assert job.layout == other.get("layout")
        assert beginning(job) is None
    assert plan(Job(prompt="castles", seed=4), bundled).job.layout is None


def test_the_bundled_model_is_told_what_is_drawn_in_words_that_it_was_taught(bundled):
    """Prompts that say the same are the same to it; alone it reads them as they are."""
    prompts = ("sunset over a forest, scattered clouds", "the sun going down behind pines, cotton clouds")
    for layout, alike in ((None, True), ("none", False)):
        jobs = [plan(Job(prompt=prompt, seed=4, layout=layout), bundled).job for prompt in prompts]
        one, other = (encode(job, bundled)[0].rows(torch.zeros(1, dtype=torch.long))[0] for job in jobs)
        assert all(torch.equal(one[name], other[name]) for name in one) == alike


def test_it_is_not_told_what_is_left_out_of_the_drawing(bundled):
    """A negative prompt of a few words had it paint stains."""
    for layout, alike in ((None, True), ("none", False)):
        jobs = [
            plan(Job(prompt="noon, a lake", seed=4, layout=layout, negative=negative), bundled).job
            for negative in ("", "snow")
        ]
        plain, other = (encode(job, bundled)[0].rows(torch.zeros(1, dtype=torch.long)) for job in jobs)
        assert len(plain) == len(other) == 2
        assert all(torch.equal(a[name], b[name]) for a, b in zip(plain, other, strict=True) for name in a) == alike


def test_regions_begin_with_what_their_own_prompts_say(bundled, tmp_path):
    regions = [{"prompt": "starry night", "azimuth": 270, "width": 120}]
    job = plan(Job(prompt="noon, clear sky over the sea", regions=regions, seed=4, width=256), bundled).job
    assert job.layout == "prompt"
    sky = gather(job, 256, bundled.transfer).radiance[:, :60].mean((0, 1))  # by azimuth, of the sky
    night = draw(layout_of("starry night", 4), 128)[:, :60, :16].mean().item()
    assert sky[:16].mean() == pytest.approx(night, rel=0.2)
    assert sky[112:144].mean() > 3 * sky[:16].mean()


def test_a_painted_region_with_the_same_prompt_has_the_only_sun(warm, nano_path, bundled, tmp_path):
    """As the sky that is seen beside a set: one sky, whose sun is seen."""
    mask = np.zeros((64, 128), np.uint8)
    mask[:36, 100:120] = 255  # azimuth 191 to 248
    Image.fromarray(mask).save(tmp_path / "seen.png")
    prompt, regions = (
        "golden hour, clear sky",
        [{"prompt": "golden hour, clear sky", "mask": str(tmp_path / "seen.png")}],
    )
    assert plan(Job(prompt="clear sky", regions=[regions[0] | {"prompt": "clear sky"}]), bundled).job.layout == "prompt"
    job = {"model": str(nano_path), "prompt": prompt, "regions": regions, "layout": "prompt", "strength": 0.0}
    sky = tmp_path / "sky.exr"
    *_, result = generate(Job.from_dict(job | {"seed": 4, "width": 128, "steps": 2}), sky, warm)
    alone = layout_of(prompt, 4)
    assert abs(alone.azimuth - 219) > 40
    assert result.light["azimuth"] == pytest.approx(219, abs=5)
    assert result.light["elevation"] == pytest.approx(alone.elevation, abs=0.1)
    brightest = read_display(sky)[0, :32].amax(0).argmax()
    assert 100 <= brightest < 120


def test_other_models_begin_with_noise(nano):
    complete = plan(Job(prompt="sunset over the sea", width=128), nano).job
    assert complete.layout is None
    assert complete.strength is None
    asked = plan(Job(prompt="sunset over the sea", width=128, layout="prompt", strength=0.3), nano).job
    assert (asked.layout, asked.strength) == ("prompt", 0.3)


def test_a_sky_from_its_prompt_is_that_of_the_same_layout_and_has_its_sun(warm, nano_path, tmp_path):
    asked = {"prompt": "golden hour, a few clouds", "model": str(nano_path), "width": 128, "steps": 2, "seed": 9}
    layout = layout_of(asked["prompt"], 9)
    assert isinstance(layout, Layout)
    results = {}
    for name, value in (("words", "prompt"), ("sliders", layout)):
        *_, results[name] = generate(Job(**asked, layout=value), tmp_path / f"{name}.exr", warm)
    words, sliders = (read_display(tmp_path / f"{name}.exr") for name in results)
    assert torch.equal(words, sliders)
    assert results["words"].job["layout"] == "prompt"
    assert results["words"].light["kind"] == "sun"
    assert results["words"].light["azimuth"] == pytest.approx(layout.azimuth, abs=0.01)


@pytest.mark.parametrize("layout", ["words", 3])
def test_a_layout_is_keys_or_one_of_two_words(layout):
    with pytest.raises(BadRequest):
        Job(prompt="noon", layout=layout)
