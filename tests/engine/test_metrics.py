"""The measures tell good from bad, for files of both kinds, from the command line."""

import json
import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tiny_text import make_clip

from engine.errors import BadRequest
from engine.job import Job
from engine.light.found import FoundLight
from engine.measure import measure, table
from engine.metrics import edge_ratio, gradients_in_view, intra_distances, pole_ratio, seam_ratio, seam_ratio_in_view
from engine.output.header import JOB_ATTRIBUTE
from engine.output.pictures import read_png_job, write_exr, write_png
from engine.start.reading import read_display

JOB = Job(prompt="a storm", seed=1).to_dict()


def noise(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def test_seam_ratio_sees_a_step_at_the_wrap():
    ramp = torch.linspace(0, 1, 64).expand(3, 32, 64)
    assert seam_ratio(ramp) > 10
    assert 0.8 < seam_ratio(noise(32, 64)) < 1.2


@pytest.mark.parametrize("elevation", [0, 90, -90])
def test_a_camera_sees_a_step_at_the_wrap(elevation):
    ramp = torch.linspace(0, 1, 128).expand(3, 64, 128)
    assert seam_ratio_in_view(ramp, elevation) > 3
    whole = torch.cat([ramp, ramp.flip(2)], 2)[..., ::2]
    assert seam_ratio_in_view(whole, elevation) < 1.5


@pytest.mark.parametrize("elevation", [0, 90])
def test_a_wrap_like_other_places_is_not_seen(elevation):
    """Nor where a decoder's blocks meet, of which the wrap is one edge: 1 only if the others are like it."""
    blocks = noise(4, 8).repeat_interleave(32, 1).repeat_interleave(32, 2)
    assert 0.7 < seam_ratio_in_view(noise(128, 256), elevation) < 1.4
    edges, insides = (gradients_in_view(blocks, 0, range(first, 256, 32)) for first in (0, 16))
    assert edges.min() > 3 * insides.max()


def test_edges_of_a_cube_are_like_its_faces():
    assert edge_ratio(noise(64, 128)) == pytest.approx(1, abs=0.25)  # what lies inside was read between pixels
    columns = torch.arange(128)
    front = ((columns >= 48) & (columns < 80)).float().expand(3, 64, 128)  # from one edge to the other
    assert edge_ratio(front) > 1.5


def test_pole_ratio_is_nothing_where_a_pole_is_one_point():
    picture = noise(32, 64)
    picture[:, 0] = 0.5
    zenith, nadir = pole_ratio(picture)
    assert zenith == 0
    assert 0.8 < nadir < 1.2


def test_intra_distance_is_the_mean_over_pairs_of_squares(distance):
    one, other = noise(32, 32, 1), noise(32, 32, 2) ** 3
    assert intra_distances(torch.cat([one, one], 2), [distance]) == pytest.approx([0], abs=1e-6)
    apart = distance(one[None], other[None]).item()
    (mean,) = intra_distances(torch.cat([one, other, one, noise(32, 20)], 2), [distance])
    assert mean == pytest.approx(2 / 3 * apart, rel=1e-4)
    assert math.isnan(intra_distances(one, [distance])[0])


@pytest.fixture
def folder(tmp_path) -> Path:
    for index, name in enumerate(("storm", "calm")):
        write_exr(tmp_path / f"{name}.exr", noise(32, 64, index), JOB, JOB, FoundLight(kind="none", white_card=1.0))
        write_png(tmp_path / f"{name}.png", noise(32, 64, index), JOB)
    write_png(tmp_path / "alone.png", noise(32, 64, 1), JOB)
    return tmp_path


def test_exr_and_png_of_a_picture_measure_alike(folder):
    exr, png = (next(measure(folder / f"calm.{kind}")) for kind in ("exr", "png"))
    assert {name: value for name, value in exr.items() if name != "file"} == pytest.approx(
        {name: value for name, value in png.items() if name != "file"}, rel=0.05
    )


def test_command_prints_a_folder_as_table_and_json(engine, folder, tmp_path_factory):
    shown = engine("metrics", folder)
    assert shown.returncode == 0, shown.stderr
    assert [line.split()[1] for line in shown.stdout.splitlines()[2:]] == ["alone.png", "calm.exr", "storm.exr"]
    clip = make_clip(tmp_path_factory.mktemp("models") / "clip")
    rows = json.loads(engine("metrics", folder / "calm.exr", "--json", "--clip", clip).stdout)
    assert len(rows) == 1
    assert -100 < rows[0]["CLIP score"] < 100
    assert rows[0]["intra-style"] == pytest.approx(5 * rows[0]["intra-style, mean of layers"], rel=1e-4)


def test_prompt_comes_from_the_file_or_the_user(folder, tmp_path_factory):
    clip = str(make_clip(tmp_path_factory.mktemp("models") / "clip"))
    from_exr, from_png, given, other = (
        next(measure(folder / file, clip, prompt))["CLIP score"]
        for file, prompt in (
            ("calm.exr", None),
            ("alone.png", None),
            ("calm.exr", "a storm"),
            ("calm.exr", "sea"),
        )
    )
    assert from_exr == given != other
    assert from_png == pytest.approx(given, abs=0.5)


def test_what_cannot_be_measured_is_said(tmp_path):
    with pytest.raises(BadRequest, match="no EXR or PNG"):
        list(measure(tmp_path))
    with pytest.raises(BadRequest, match="does not exist"):
        list(measure(tmp_path / "missing.exr"))
    Image.new("RGB", (64, 16)).save(tmp_path / "low.png")
    with pytest.raises(BadRequest, match="64 x 16"):
        list(measure(tmp_path))
    (tmp_path / "low.png").write_text("no picture")
    with pytest.raises(BadRequest, match="cannot be read as a picture"):
        list(measure(tmp_path))


def test_a_png_whose_job_is_damaged_is_named(tmp_path):
    text = PngInfo()
    text.add_text(JOB_ATTRIBUTE, '{"prompt": "a')
    Image.new("RGB", (64, 32)).save(tmp_path / "sky.png", pnginfo=text)
    with pytest.raises(BadRequest, match=r"sky\.png cannot be read"):
        read_png_job(tmp_path / "sky.png")


def test_a_black_picture_has_no_ratios(tmp_path):
    Image.new("RGB", (64, 32), "black").save(tmp_path / "flat.png")
    (row,) = measure(tmp_path)
    assert row["seam ratio"] is row["zenith ratio"] is None
    assert "| - |" in table([row])
    assert read_display(tmp_path / "flat.png").shape == (3, 32, 64)
