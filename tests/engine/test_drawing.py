"""Ground and clouds that the renderer draws into an edit, in the sky's own light; on a tiny random model."""

import numpy as np
import pytest
import torch
from PIL import Image
from skies import pixels

from engine.errors import BadRequest
from engine.job import Job
from engine.pipeline import generate
from engine.start.drawing import draw_named

MEADOW = {"azimuth": 200, "elevation": 12, "clouds": "few", "ground": "grass"}


@pytest.fixture
def make(nano_path, tmp_path):
    def run(name: str, prompt: str, **values):
        job = Job.from_dict({"prompt": prompt, "model": str(nano_path), "steps": 2, "seed": 1, "width": 128} | values)
        *_, result = generate(job, tmp_path / f"{name}.exr")
        return result

    return run


@pytest.fixture
def edit(make, tmp_path):
    """The ground of a drawn meadow made anew by a prompt."""

    def run(prompt: str, said: str = "a few clouds in the morning over a meadow", area=np.s_[32:], **values):
        mask = np.zeros((64, 128), np.uint8)
        mask[area] = 255
        Image.fromarray(mask).save(tmp_path / "mask.png")
        start = make("meadow", said, layout=MEADOW, strength=0).exr
        values = {"start": start, "mask": str(tmp_path / "mask.png"), "feather": 0, "draw_named": True} | values
        return pixels(start), make("edited", prompt, width=None, **values)

    return run


def test_named_ground_is_drawn_and_the_sky_stays(edit):
    before, result = edit("snow")
    after = pixels(result.exr)
    assert np.array_equal(before[:32], after[:32])
    grass, snow = (ground[36:].mean((0, 1)) for ground in (before, after))
    assert 1 - snow[2] / snow[1] < (1 - grass[2] / grass[1]) / 2, "it is as green as the meadow was"
    assert snow.mean() > 2 * grass.mean()
    assert (result.job["draw_named"], result.job["strength"]) == (True, 0)


def test_ground_of_the_same_kind_is_as_bright_as_before(edit):
    before, result = edit("a meadow")
    after = pixels(result.exr)
    assert after[36:].mean() == pytest.approx(before[36:].mean(), rel=0.3), "clouds and patches of another seed aside"


def test_ground_lies_in_the_light_that_was_found_whatever_prompts_say(edit):
    drawn = [
        pixels(edit("the desert at night", said=said)[1].exr) for said in ("a few clouds in the morning", "few clouds")
    ]
    assert np.array_equal(*drawn)


def test_ground_lies_below_the_horizon_only_and_as_bright_as_its_sky(edit):
    before, result = edit("the desert")
    job, mask = Job.from_dict(result.job), torch.ones(1, 64, 128)
    sky = torch.from_numpy(before).permute(2, 0, 1)
    drawn, dimmer = draw_named(job, sky, mask, mask), draw_named(job, sky / 4, mask, mask)
    assert torch.equal(drawn[:, :32], sky[:, :32])
    torch.testing.assert_close(dimmer, drawn / 4, rtol=0.02, atol=1e-4)


def test_named_clouds_are_drawn_into_the_area_alone(edit):
    area = np.s_[8:26, 15:50]
    before, result = edit("puffy white clouds", area=area)
    after = pixels(result.exr)
    dark = pixels(edit("storm clouds", area=area)[1].exr)
    outside = np.ones((64, 128), bool)
    outside[area] = False
    assert np.array_equal(before[outside], after[outside]) and np.array_equal(before[outside], dark[outside])
    sky, puffy, storm = (picture[area].mean() for picture in (before, after, dark))
    assert puffy > 1.05 * sky and storm < 0.95 * sky and storm < 0.75 * puffy
    assert (result.job["draw_named"], result.job["strength"]) == (True, 0)


def test_clouds_of_half_the_sky_are_drawn_too(edit):
    area = np.s_[0:32, 10:80]
    before, result = edit("storm clouds", area=area)
    assert (result.job["draw_named"], result.job["strength"]) == (True, 0)
    assert pixels(result.exr)[area].mean() < 0.9 * before[area].mean()


def test_clouds_and_ground_may_be_named_together(edit):
    before, result = edit("storm clouds over snow", area=np.s_[8:, 15:50])
    after = pixels(result.exr)
    assert after[10:24, 20:45].mean() < 0.95 * before[10:24, 20:45].mean()
    assert after[40:, 20:45].mean() > 1.5 * before[40:, 20:45].mean()


@pytest.mark.parametrize(
    ("prompt", "area"),
    [
        ("a chessboard", np.s_[32:]),
        ("snow", np.s_[8:28]),  # there is no ground
        ("storm clouds", np.s_[40:]),  # there is no sky
        ("a starry night with a few clouds", np.s_[8:28]),  # not in this sky's light
        ("clear sky", np.s_[8:28]),
    ],
)
def test_what_nobody_can_draw_there_is_painted(edit, prompt, area):
    _, result = edit(prompt, area=area)
    assert (result.job["draw_named"], result.job["strength"]) == (False, 1)


def test_without_a_mask_there_is_nowhere_to_draw_it(make):
    with pytest.raises(BadRequest, match="draw_named"):
        make("nowhere", "snow", draw_named=True)
