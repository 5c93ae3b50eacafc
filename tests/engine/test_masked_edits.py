"""Skies that are edited: what a mask leaves alone stays, what is erased goes; on a tiny random model."""

from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image
from skies import pixels

from engine.errors import BadRequest
from engine.job import Job
from engine.start.given import gather, passage, soft_mask


def mask_file(path: Path, box: tuple[float, float, float, float]) -> Path:
    """White within *box*: left, top, right, bottom as shares; left above right goes across the seam."""
    mask = np.zeros((64, 128), np.uint8)
    left, top, right, bottom = (round(v * n) for v, n in zip(box, (128, 64, 128, 64), strict=True))
    columns = np.arange(128)
    inside = (columns >= left) & (columns < right) if left < right else (columns >= left) | (columns < right)
    mask[top:bottom, inside] = 255
    Image.fromarray(mask).save(path)
    return path


def test_the_edge_of_an_edit_lasts_and_its_middle_does_not(nano, panorama, tmp_path):
    mask = mask_file(tmp_path / "mask.png", (0.2, 0.1, 0.8, 0.9))
    painted, erased = (
        gather(Job(prompt="a", start=panorama, mask=str(mask), erase=erase), 128, nano.transfer).lasting[0]
        for erase in (False, True)
    )
    assert painted[32, 64] == 0 and 0.5 < painted[32, 28] < 1 and painted[32, 20] == 1
    assert erased[32, 28] == 0, "what is put in its place would show"


@pytest.mark.parametrize("box", [(0.3, 0.2, 0.6, 0.6), (0.85, 0.1, 0.15, 0.5), (0.2, 0.0, 0.7, 0.3)])
@pytest.mark.parametrize("erase", [False, True])
def test_edit_leaves_the_outside_bit_identical(make, panorama, tmp_path, box, erase):
    """In the middle, across the seam, at the zenith."""
    mask = mask_file(tmp_path / "mask.png", box)
    result, _ = make("edited", start=panorama, mask=str(mask), erase=erase)
    before, after = pixels(panorama), pixels(result.exr)
    outside = np.array(Image.open(mask)) == 0
    assert np.array_equal(before[outside], after[outside])
    assert (before[~outside] != after[~outside]).any(-1).mean() > 0.8
    assert result.job["strength"] == (0.3 if erase else 1.0)


def test_edit_finds_the_sun_that_stays(make, panorama, tmp_path):
    mask = mask_file(tmp_path / "mask.png", (0.05, 0.6, 0.3, 0.9))
    result, _ = make("edited", start=panorama, mask=str(mask), prompt="overcast")
    assert result.light["kind"] == "sun" and result.light["azimuth"] == pytest.approx(200, abs=3)


def test_what_is_erased_does_not_come_back(make, panorama, tmp_path):
    """At strength 0 the continuation of what lies around is seen: the bright spot is gone, the outside as it was."""
    mask = mask_file(tmp_path / "mask.png", (0.65, 0.05, 0.3, 0.55))
    erased, _ = make("erased", start=panorama, mask=str(mask), erase=True, strength=0)
    before, after = pixels(panorama), pixels(erased.exr)
    outside = np.array(Image.open(mask)) == 0
    assert np.array_equal(before[outside], after[outside])
    assert after[~outside].max() < 0.1 * before[~outside].max() and erased.light["kind"] == "none"
    assert make("painted", start=panorama, mask=str(mask), erase=True)[0].job["strength"] == 0.3
    white = mask_file(tmp_path / "white.png", (0, 0, 1, 1))
    with pytest.raises(BadRequest, match="nothing that could be continued"):
        make("bad", start=panorama, erase=True, mask=str(white))


def test_glare_beside_an_erased_sun_is_no_sun(make, panorama, tmp_path):
    """What is left of the brightest around a small mask; without a note of the sun, it would be taken for one."""
    mask = mask_file(tmp_path / "mask.png", (0.8, 0.38, 0.83, 0.5))
    job = {"start": panorama, "mask": str(mask), "erase": True, "strength": 0}
    assert make("erased", **job)[0].light["kind"] == "none"
    forgotten = tmp_path / "forgotten.exr"
    OpenEXR.File({}, {"RGB": pixels(panorama)}).write(str(forgotten))
    assert make("again", **job | {"start": str(forgotten)})[0].light["kind"] == "sun"


def test_feather_stays_inside():
    mask = torch.zeros(1, 64, 128)
    mask[:, 20:40, 110:] = mask[:, 20:40, :30] = 1
    soft = soft_mask(mask, 12)
    assert (soft[mask == 0] == 0).all() and soft[0, 30, 5] == 1 and 0 < soft[0, 21, 5] < 1
    torch.testing.assert_close(soft_mask(mask.roll(40, 2), 12), soft.roll(40, 2))


def test_what_is_painted_passes_into_what_is_around():
    """Free from the first step on in the middle, later towards the edge, and all of it where it is narrow."""
    mask = torch.zeros(1, 64, 128)
    mask[:, 16:48, 110:] = mask[:, 16:48, :22] = 1
    mask[:, 30:34, 60:90] = 1
    free = passage(mask, 15)
    assert (free[mask == 0] == 0).all() and free[0, 32, 2] == 1 and (free[0, 30:34, 60:90] == 1).all()
    edge = free[0, 16:24, 2]
    assert (edge[1:] >= edge[:-1]).all() and edge[0] < 0.4 < edge[2] < 1
    assert torch.equal(passage(mask, 0), mask)


def test_mask_and_start_that_do_not_fit(make, panorama, tmp_path):
    Image.new("L", (128, 64)).save(tmp_path / "black.png")
    Image.new("L", (100, 64), 255).save(tmp_path / "odd.png")
    for values, says in (
        ({"mask": str(tmp_path / "black.png")}, "black all over"),
        ({"mask": str(tmp_path / "odd.png")}, "not twice as wide"),
        ({"mask": str(tmp_path / "none.png")}, "does not exist"),
        ({"mask": str(tmp_path / "odd.png"), "width": 256}, "128 pixels wide"),
    ):
        with pytest.raises(BadRequest, match=says):
            make("bad", start=panorama, **values)
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(BadRequest, match="cannot be read as a picture"):
        make("bad", start=str(tmp_path / "text.png"))
    assert not (tmp_path / "bad.exr").exists()
