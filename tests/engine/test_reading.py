"""Pictures of every kind, read as radiance."""

import os
import struct
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


# Of a profile: the tone curve's numbers (ICC.1:2022, 10.18: exponent, slope and offset, and the line's slope and end),
# the primaries' tristimulus values under D50, and, not in it, what the primaries are in linear Rec.709.
WIDE_GAMUTS = {
    "Display P3": (
        (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841)),
        ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
    ),
    "Adobe RGB": (
        (563 / 256, 1.0, 0.0, 0.0, 0.0),
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        ((1.39836, -0.39836, 0.0), (0.0, 1.0, 0.0), (0.0, -0.04293, 1.04293)),
    ),
}


def icc_profile(curve: tuple[float, ...], primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    """A display's profile of a matrix and a tone curve, as cameras and editors embed it."""

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + bytes(78)
    white = (0.9642, 1.0, 0.8249)
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": b"XYZ \0\0\0\0" + fixed(*white)}
    for channel, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes([channel]) + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(*primary)
        tags[bytes([channel]) + b"TRC"] = b"para\0\0\0\0\0\x03\0\0" + fixed(*curve)
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4x", start + len(body)) + b"\x04\x20\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (head + fixed(*white)).ljust(128, b"\0") + table + body


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("gamut", WIDE_GAMUTS)
def test_a_photo_in_a_wide_gamut_has_the_colours_that_its_profile_means(tmp_path, gamut, suffix):
    curve, primaries, to_linear = WIDE_GAMUTS[gamut]
    shown = np.array([[200, 120, 60], [110, 140, 90], [90, 110, 190], [128, 128, 128]], np.uint8)
    file = tmp_path / f"wide{suffix}"
    pixels = shown[:, None].repeat(16, 0).repeat(16, 1)
    Image.fromarray(pixels).save(file, icc_profile=icc_profile(curve, primaries), quality=100, subsampling=0)
    power, slope, offset, line, end = curve
    values = torch.from_numpy(shown) / 255
    linear = torch.where(values >= end, (slope * values + offset) ** power, line * values)
    expected = linear @ torch.tensor(to_linear).T
    read = read_picture(str(file)).radiance[:, 8::16, 8].T
    torch.testing.assert_close(read, expected, atol=0.008, rtol=0.01)
    assert (read - srgb_to_linear(values)).abs().max() > 0.03, "the profile makes no difference"


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
        told = [notice.message for notice in notices(job, nano, job) if notice.code == "negative_values"]
        assert told == [f"In {wrong}, 6.2 % of the pixels have negative values, which are taken as 0."]
