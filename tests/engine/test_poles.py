"""Zenith and nadir, painted anew as they are seen: one point each, and nothing else changes."""

import numpy as np
import pytest
import torch
from skies import pixels

from engine.job import Job
from engine.metrics import pole_ratio
from engine.plan import plan
from engine.sphere.caps import paste_cap
from engine.sphere.equirectangular import directions
from engine.sphere.gnomonic import View, render
from engine.sphere.resampling import reader


def smooth(height: int) -> torch.Tensor:
    x, y, z = directions(height)
    return torch.stack([x * y + z, torch.sin(3 * x) + y * z, z * z - x]) / 2


@pytest.mark.parametrize("elevation", [90.0, -90.0])
def test_a_cap_goes_out_and_back(elevation):
    panorama, view = smooth(128), View(90.0, elevation, 110.0, 128)
    again = panorama.clone()
    paste_cap(again, view, render(reader(panorama), 128, view, "bicubic"))
    torch.testing.assert_close(again, panorama, atol=4e-3, rtol=0)


@pytest.mark.parametrize("elevation", [90.0, -90.0, 35.0])
def test_a_cap_in_parts_is_the_same_cap(elevation):
    view = View(70.0, elevation, 110.0, 100)
    picture = torch.rand(3, 104, 104, generator=torch.Generator().manual_seed(1))
    whole, parts = smooth(128), smooth(128)
    paste_cap(whole, view, picture, range(100), range(100))
    for row in range(0, 100, 23):
        for column in range(0, 100, 31):
            rows, columns = range(row, min(row + 23, 100)), range(column, min(column + 31, 100))
            part = picture[:, row : rows.stop + 4, column : columns.stop + 4]
            paste_cap(parts, view, part, rows, columns)
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=0)
    assert (whole - smooth(128)).abs().mean() > 0.01


def test_a_cap_replaces_the_pole_and_fades_out():
    panorama, view = smooth(128), View(90.0, 90.0, 110.0, 128)
    capped = panorama.clone()
    paste_cap(capped, view, torch.full((3, 128, 128), 5.0))
    from_zenith = (torch.arange(128) + 0.5) * 180 / 128
    assert torch.allclose(capped[:, from_zenith < 27], torch.tensor(5.0))
    assert torch.equal(capped[:, from_zenith > 50], panorama[:, from_zenith > 50])
    share = ((capped - panorama) / (5 - panorama)).mean((0, 2))
    assert (share.diff() <= 1e-6).all() and share.diff().min() > -0.1


def test_a_row_that_is_no_point_becomes_one():
    panorama, view = torch.rand(3, 128, 256, generator=torch.Generator().manual_seed(1)), View(90, 90, 110, 128)
    before = pole_ratio(panorama)[0]
    paste_cap(panorama, view, render(reader(panorama), 128, view, "bicubic"))
    assert before > 0.9 and pole_ratio(panorama)[0] < 0.3


def test_poles_are_mended_and_the_horizon_stays(make):
    plain, mended = (make(f"sky-{poles}", sun="off", width=512, poles=poles)[0] for poles in (False, True))
    before, after = pixels(plain.exr), pixels(mended.exr)
    assert np.array_equal(before[96:160], after[96:160])
    ratios = [pole_ratio(torch.from_numpy(picture).permute(2, 0, 1)) for picture in (before, after)]
    assert all(new < 0.6 * old for old, new in zip(*ratios, strict=True))
    assert np.array_equal(pixels(make("again", **mended.job)[0].exr), after)


def test_drafts_and_strips_are_left_alone(nano):
    def mends(**values) -> bool:
        return plan(Job(prompt="a", width=256, window=16, stride=4, **values), nano).job.poles

    assert mends() and mends(quality="final") and mends(quality="draft", poles=True)
    assert not mends(quality="draft") and not mends(windows="strip") and not mends(poles=False)


def test_large_skies_are_mended_in_every_stage_and_photos_there_stay(make, tmp_path):
    """The tiny model's own width is 1024; a composition of 256 is enlarged once."""
    from PIL import Image

    colours = np.array([200, 60, 20], np.uint8)
    Image.fromarray(np.tile(colours, (48, 48, 1))).save(tmp_path / "photo.png")
    photo = {"file": str(tmp_path / "photo.png"), "elevation": 90, "field_of_view": 60}
    large = {"sun": "off", "width": 512, "base_width": 256, "poles": True}
    free, kept = (pixels(make(f"sky-{len(p)}", photos=p, **large)[0].exr) for p in ([], [photo]))
    assert np.abs(kept[:24] - kept[0, 0]).max() < 1e-4
    assert np.abs(free[:24] - free[0, 0]).max() > 1e-3
