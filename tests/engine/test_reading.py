"""Pictures of every kind, read as radiance."""

import os
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image, ImageCms

from engine.errors import BadRequest
from engine.job import Job
from engine.light.found import FoundLight, read_light
from engine.light.primaries import REC709, to_rec709
from engine.light.transfer import srgb_to_linear
from engine.notices import notices
from engine.output.header import read_job
from engine.output.pictures import write_exr
from engine.start.reading import read_mask, read_panorama, read_picture


def test_what_lights_a_sky_of_the_home_folder_is_known(tmp_path, monkeypatch):
    """A sky that a job begins with: its header is found where its pixels are."""
    monkeypatch.setenv("HOME" if os.name != "nt" else "USERPROFILE", str(tmp_path))
    light = FoundLight(kind="sun", azimuth=120.0, elevation=30.0)
    write_exr(tmp_path / "sky.exr", torch.ones(3, 4, 8), {"prompt": "a"}, {}, light)
    assert read_picture("~/sky.exr").radiance.shape == (3, 4, 8)
    assert read_light(Path("~/sky.exr")) == light
    assert read_job(Path("~/sky.exr")) == {"prompt": "a"}


def test_pictures_of_every_kind_are_read(tmp_path):
    colours = np.full((4, 8, 3), (200, 100, 50), np.uint8)
    plain = Image.fromarray(colours)
    expected = srgb_to_linear(torch.tensor([200, 100, 50]) / 255)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain.save(tmp_path / "a.png", icc_profile=profile)
    plain.convert("RGBA").save(tmp_path / "b.png")
    plain.convert("P").save(tmp_path / "c.png")
    plain.convert("CMYK").save(tmp_path / "d.jpg", quality=100)
    for name, within in (("a.png", 0.01), ("b.png", 1e-6), ("c.png", 0.05), ("d.jpg", 0.05)):
        read = read_picture(str(tmp_path / name))
        torch.testing.assert_close(read.radiance[:, 2, 3], expected, atol=within, rtol=0)
        assert read.alpha.min() == 1
    half = plain.convert("RGBA")
    half.putalpha(64)
    half.save(tmp_path / "e.png")
    assert read_picture(str(tmp_path / "e.png")).alpha.max() == pytest.approx(64 / 255)
    Image.fromarray(np.full((4, 8), 32768, np.uint16)).save(tmp_path / "f.png")
    assert read_picture(str(tmp_path / "f.png")).radiance[0, 0, 0] == pytest.approx(0.214, abs=1e-3)


def test_wide_gamut_exr_keeps_white_and_is_converted(tmp_path):
    rec2020 = (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)
    matrix = to_rec709(rec2020)
    torch.testing.assert_close(matrix @ torch.ones(3), torch.ones(3), atol=1e-4, rtol=0)
    assert matrix[0, 0] == pytest.approx(1.6605, abs=1e-3)  # ITU-R BT.2087
    torch.testing.assert_close(to_rec709(REC709), torch.eye(3), atol=1e-6, rtol=0)
    pixel = np.full((4, 8, 3), (0.2, 0.5, 0.1), np.float32)
    OpenEXR.File({"chromaticities": rec2020}, {"RGB": pixel}).write(str(tmp_path / "wide.exr"))
    read = read_panorama(str(tmp_path / "wide.exr"), 8)[:, 0, 0]
    torch.testing.assert_close(read, (matrix @ torch.tensor([0.2, 0.5, 0.1])).clamp(min=0), atol=1e-5, rtol=0)


def test_a_masks_numbers_are_shares(tmp_path):
    Image.fromarray(np.full((4, 8), 128, np.uint8)).save(tmp_path / "mask.png")
    assert read_mask(str(tmp_path / "mask.png"), 8).unique().tolist() == pytest.approx([128 / 255])


def test_a_sketch_goes_on_where_it_is_transparent(tmp_path):
    sketch = np.zeros((32, 64, 4), np.uint8)  # what is transparent is black, as most programs save it
    sketch[:16] = (100, 150, 250, 255)
    sketch[20:] = (60, 120, 40, 255)
    Image.fromarray(sketch).save(tmp_path / "sketch.png")
    read = read_panorama(str(tmp_path / "sketch.png"), 64)
    sky, ground = read[:, 5, :1], read[:, 25, :1]
    between = read[:, 16:20].flatten(1)
    assert (between >= torch.minimum(sky, ground) - 1e-4).all() and (between <= torch.maximum(sky, ground) + 1e-4).all()
    torch.testing.assert_close(sky[:, 0], srgb_to_linear(torch.tensor([100, 150, 250]) / 255), atol=1e-5, rtol=0)
    sketch[..., 3] = 0
    Image.fromarray(sketch).save(tmp_path / "nothing.png")
    with pytest.raises(BadRequest, match="transparent all over"):
        read_panorama(str(tmp_path / "nothing.png"), 64)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_start_with_values_that_are_not_numbers_is_refused(tmp_path, value):
    pixels = np.full((4, 8, 3), 0.5, np.float32)
    pixels[1, 2] = value
    OpenEXR.File({}, {"RGB": pixels}).write(str(tmp_path / "broken.exr"))
    with pytest.raises(BadRequest, match="not numbers"):
        read_panorama(str(tmp_path / "broken.exr"), 8)


def test_values_below_black_are_told_and_those_of_rounding_are_not(tmp_path, nano):
    for name, darkest in (("rounded", -1e-5), ("wrong", -0.2)):
        pixels = np.full((16, 32, 3), 0.5, np.float32)
        pixels[:4, :8, 1] = darkest
        OpenEXR.File({}, {"RGB": pixels}).write(str(tmp_path / f"{name}.exr"))
        read = read_picture(str(tmp_path / f"{name}.exr"))
        assert read.radiance.min() == 0
        assert read.negative == (0 if name == "rounded" else 4 * 8 / (16 * 32))
    wrong, rounded = (str(tmp_path / f"{name}.exr") for name in ("wrong", "rounded"))
    photo = {"file": wrong, "field_of_view": 60.0}
    for job in (Job(prompt="a", start=wrong), Job(prompt="a", start=rounded, photos=[photo])):
        told = [notice.message for notice in notices(job, nano) if notice.code == "negative_values"]
        assert told == [f"In {wrong}, 6.2 % of the pixels have negative values, which are taken as 0."]
