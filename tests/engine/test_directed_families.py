"""A region, an edit and a photo on a tiny random model of each family: what directs a sky asks nothing of the model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skies import pixels, smooth_photo
from tiny_flow import NAMES, make_flow_model
from tiny_models import FAMILIES, make_model

from engine.job import Job
from engine.job_parts import Photo
from engine.light.transfer import linear_to_srgb
from engine.pipeline import generate
from engine.start.photos import place, project

WEST = slice(0, 128)  # columns of a panorama that is 256 pixels wide


@pytest.fixture(scope="module", params=(*FAMILIES, *NAMES))
def make(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_family = make_model if request.param in FAMILIES else make_flow_model
    model = make_family(request.param, folder / request.param)

    def paint(name: str, **asked: object) -> Path:
        quick = {"width": 256, "steps": 2, "poles": False, "sampler": "multidiffusion", "sun": "off", "seed": 1}
        fixed = {"model": str(model), **quick}
        *_, result = generate(Job(**{"prompt": "a storm", **fixed, **asked}), folder / f"{name}.exr")
        return Path(result.exr)

    return paint


def test_every_family_is_directed(make, tmp_path):
    plain = make("plain")
    region = {"prompt": "a calm night over snow", "azimuth": 0, "width": 90, "softness": 0}
    departure = np.abs(pixels(make("region", regions=[region])) - pixels(plain)).mean((0, 2))
    assert departure[WEST].mean() > 2 * departure[128:].mean()
    mask = np.zeros((128, 256), np.uint8)
    mask[40:90, 30:90] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    edited = make("edit", start=str(plain), mask=str(tmp_path / "mask.png"), prompt="snow", feather=0)
    changed = (pixels(edited) != pixels(plain)).any(2)
    assert changed[mask > 0].mean() > 0.5 and not changed[mask == 0].any()
    photo = Photo(file=str(smooth_photo(tmp_path / "photo.png")), azimuth=0, field_of_view=70)
    around = pixels(make("photo", photos=[photo], feather=0))
    seen, there = project(place(photo), 128, 0)
    kept = linear_to_srgb(torch.from_numpy(around).permute(2, 0, 1).clamp(0, 1))
    assert (kept - linear_to_srgb(seen)).abs()[:, there[0] == 1].max() < 2 / 255
    followed = np.where(there[0] > 0, np.nan, np.abs(around - pixels(plain)).mean(2))
    assert np.nanmean(followed[:, WEST]) > 1.3 * np.nanmean(followed[:, 128:])
