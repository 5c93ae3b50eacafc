"""``python -m engine cube``: files that a game engine takes."""

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image

from engine.output.pictures import read_radiance, save_exr
from engine.sphere.cube import FACES
from engine.sphere.equirectangular import directions


@pytest.fixture
def sky(tmp_path):
    """A sky whose colour says where one looks: red is up, green is +Y, blue is +X."""
    path = tmp_path / "sky.exr"
    x, y, z = directions(32)
    save_exr(path, torch.stack([z, y, x]) + 1, {})
    return path


MIDDLES = {"px": (1, 0, 1), "nx": (1, 2, 1), "py": (2, 1, 1), "ny": (0, 1, 1), "pz": (1, 1, 2), "nz": (1, 1, 0)}


def test_six_faces(engine, sky, tmp_path):
    done = engine("cube", sky, "--out", tmp_path / "cube")
    assert done.returncode == 0, done.stderr
    written = [tmp_path / "cube" / f"sky_{name}.exr" for name in FACES]
    assert done.stdout.splitlines() == [str(path) for path in written]
    middles = {path.stem[-2:]: read_radiance(path)[:, 7:9, 7:9].mean((1, 2)) for path in written}
    for name, colour in MIDDLES.items():
        torch.testing.assert_close(middles[name], torch.tensor(colour, dtype=torch.float32), atol=0.02, rtol=0)


def test_a_strip_has_the_faces_in_their_order(engine, sky, tmp_path):
    assert engine("cube", sky, "--size", 24, "--strip").returncode == 0
    faces = read_radiance(tmp_path / "sky_cube.exr").unflatten(2, (6, 24))
    for name, face in zip(FACES, faces.unbind(2), strict=True):
        middle = face[:, 11:13, 11:13].mean((1, 2))
        torch.testing.assert_close(middle, torch.tensor(MIDDLES[name], dtype=torch.float32), atol=0.02, rtol=0)


def test_a_strip_to_look_at(engine, sky, tmp_path):
    done = engine("cube", sky, "--size", 24, "--strip", "--png")
    assert done.stdout.strip() == str(tmp_path / "sky_cube.png")
    assert Image.open(tmp_path / "sky_cube.png").size == (144, 24)


def test_a_sky_of_another_program_with_alpha_or_grey(engine, sky, tmp_path):
    colours = OpenEXR.File(str(sky)).channels()["RGB"].pixels
    layers = {"RGBA": np.dstack([colours, np.ones_like(colours[..., :1])]), "Y": np.ascontiguousarray(colours[..., 0])}
    for name, pixels in layers.items():
        OpenEXR.File({"type": OpenEXR.scanlineimage}, {name: pixels}).write(str(tmp_path / f"{name}.exr"))
    for name in ("sky", *layers):
        assert (done := engine("cube", f"{name}.exr", "--strip")).returncode == 0, done.stderr
    own, other, grey = (read_radiance(tmp_path / f"{name}_cube.exr") for name in ("sky", *layers))
    torch.testing.assert_close(other, own)
    torch.testing.assert_close(grey, own[:1].expand(3, -1, -1))


def test_what_is_no_panorama_is_refused(engine, tmp_path):
    save_exr(tmp_path / "square.exr", torch.ones(3, 32, 32), {})
    for arguments, says in [(("square.exr",), "not twice as wide"), (("none.exr",), "does not exist")]:
        done = engine("cube", *arguments)
        assert done.returncode == 2
        assert says in done.stderr


def test_a_size_that_cannot_be_is_refused(engine, sky):
    assert "between 8 and 16384" in engine("cube", sky, "--size", 2).stderr
