"""Directing on the command line: photos, and edits of a sky that was made before."""

import numpy as np
from PIL import Image
from skies import pixels, smooth_photo

from engine.output.header import read_job

TINY = ("--width", 128, "--steps", 2, "--sampler", "multidiffusion", "--seed", 3)


def test_a_photo_is_placed_and_an_area_of_the_sky_edited(engine, nano_path, tmp_path):
    smooth_photo(tmp_path / "pier.png")
    placed = f"{tmp_path / 'pier.png'},azimuth=120,elevation=10,field_of_view=65,strength=0.2"
    made = engine("generate", "a", "--model", nano_path, *TINY, "--photo", placed, "--out", tmp_path / "sky.exr")
    assert made.returncode == 0, made.stderr
    (photo,) = read_job(tmp_path / "sky.exr")["photos"]
    assert [photo[name] for name in ("azimuth", "elevation", "field_of_view", "strength")] == [120, 10, 65, 0.2]

    mask = np.zeros((64, 128), np.uint8)
    mask[20:40, 30:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    area = ("--start", tmp_path / "sky.exr", "--mask", tmp_path / "mask.png", "--feather", 4, "--strength", 0.5)
    edit = engine("generate", "b", "--model", nano_path, *TINY, *area, "--erase", "--out", tmp_path / "edit.exr")
    assert edit.returncode == 0, edit.stderr
    job = read_job(tmp_path / "edit.exr")
    assert (job["erase"], job["feather"], job["strength"]) == (True, 4, 0.5)
    before, after = pixels(tmp_path / "sky.exr"), pixels(tmp_path / "edit.exr")
    changed = (before != after).any(-1)
    assert changed[25:35, 40:50].all() and not changed[mask == 0].any()

    drawn = engine("generate", "snow", "--model", nano_path, *TINY, *area[:4], "--draw-named", "--out", "drawn.exr")
    assert drawn.returncode == 0, drawn.stderr
    job = read_job(tmp_path / "drawn.exr")
    assert (job["draw_named"], job["strength"]) == (True, 0)
