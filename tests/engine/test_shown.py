"""``python -m engine picture``: a smaller picture of a sky to look at."""

import numpy as np
import pytest
import torch
from PIL import Image

from engine.output.pictures import save_exr, save_png


@pytest.fixture
def sky(tmp_path):
    """An EXR and its picture, of one colour for every two by two pixels."""
    radiance = torch.rand(3, 16, 32, generator=torch.Generator().manual_seed(1)).repeat_interleave(2, 1)
    radiance = radiance.repeat_interleave(2, 2)
    save_exr(tmp_path / "sky.exr", radiance, {})
    save_png(tmp_path / "sky.png", radiance, {})
    return tmp_path / "sky.exr"


@pytest.mark.parametrize("suffix", [".exr", ".png"])
@pytest.mark.parametrize(("width", "step"), [(32, 2), (512, 1)])
def test_picture_is_smaller_or_as_it_was(engine, sky, tmp_path, suffix, width, step):
    out = tmp_path / "small.png"
    done = engine("picture", sky.with_suffix(suffix), "--width", width, "--out", out)
    assert done.stdout.strip() == str(out), done.stderr
    small, whole = (np.array(Image.open(path), np.int16) for path in (out, sky.with_suffix(".png")))
    assert small.shape == whole[::step, ::step].shape
    assert np.abs(small - whole[::step, ::step]).max() <= 1


def test_what_is_no_panorama_is_refused(engine, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "square.png")
    (tmp_path / "text.png").write_text("no picture")
    for file, says in [("square.png", "not twice as wide"), ("text.png", "cannot be read"), ("none.exr", "not exist")]:
        done = engine("picture", tmp_path / file, "--out", tmp_path / "small.png")
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    done = engine("picture", tmp_path / "square.png", "--width", 3, "--out", tmp_path / "small.png")
    assert (done.returncode, "even" in done.stderr) == (2, True)
    assert not (tmp_path / "small.png").exists()
