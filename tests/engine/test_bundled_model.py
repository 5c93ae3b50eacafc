"""The bundled model, through the path that an artist's click takes."""

from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from engine.assets import ASSETS
from engine.job import BUNDLED_MODEL, Job
from engine.light.transfer import tonemap
from engine.notices import notices
from engine.output.pictures import read_radiance
from engine.pipeline import generate
from engine.plan import plan

BLOCK = 32  # pixels of a latent, at the size at which it paints
FOLDER = ASSETS / "sky-small"
PROMPTS = {
    "noon": "clear blue sky at noon over sand dunes",
    "sunset": "sunset over the ocean with wispy clouds",
    "golden hour": "golden hour over a calm sea, scattered clouds",
    "overcast": "overcast sky over a meadow",
    "storm": "storm clouds over a grass field",
    "night": "starry night with the milky way over the desert",
    "snow": "blue hour, cloudless, snow, mountains on the horizon",
    "clouds": "puffy white clouds over green fields, midday",
}


@pytest.fixture(scope="module")
def skies(warm, tmp_path_factory) -> dict[str, torch.Tensor]:
    """Radiance ``[3, H, W]`` per prompt, read back from the EXR."""
    folder = tmp_path_factory.mktemp("skies")
    radiance = {}
    for name, prompt in PROMPTS.items():
        out = folder / f"{name}.exr"
        list(generate(Job(prompt=prompt, seed=1, steps=12, sync_steps=1), out, warm))
        pixels = OpenEXR.File(str(out)).channels()["RGB"].pixels
        radiance[name] = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    return radiance


@pytest.mark.parametrize("name", PROMPTS)
def test_the_wrap_is_like_any_other_place(name, skies):
    """Of those where blocks of the decoder meet: there neighbours differ less than within a block."""
    sky = tonemap(skies[name])
    steps = (sky - sky.roll(1, -1)).abs().mean((0, 1))[::BLOCK]
    assert 0.8 * steps[1:].min() < steps[0] < 1.25 * steps[1:].max()


def test_light_follows_the_hour(skies):
    """Upper hemisphere: noon is brighter than storm and night, and a storm darker than an overcast day.

    The renderer that taught the model exposes as an eye adapts, so the steps are far smaller than outdoors, and storm
    and night can be as bright as each other.
    """
    light = {name: sky[:, : sky.shape[1] // 2].mean().item() for name, sky in skies.items()}
    assert light["noon"] > 1.2 * max(light["storm"], light["night"])
    assert light["overcast"] > light["storm"]


def test_colour_follows_the_hour(skies):
    """Sunset is redder than blue, noon bluer than red, overcast nearly grey; the sun's disc apart."""
    red_over_blue = {
        name: (sky[0, : sky.shape[1] // 2].mean() / sky[2, : sky.shape[1] // 2].mean()).item()
        for name, sky in ((name, sky.clamp(max=1)) for name, sky in skies.items())
    }
    assert red_over_blue["sunset"] > 1.2 * red_over_blue["overcast"] > 1.2 * red_over_blue["noon"]


def test_it_is_hdr(skies):
    """Around the sun, radiance goes far beyond a display's white."""
    assert max(sky.max().item() for sky in skies.values()) > 10
    assert all(torch.isfinite(sky).all() and (sky >= 0).all() for sky in skies.values())


def test_it_is_small_safe_and_loads_anywhere():
    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 30e6
    assert {file.suffix for file in files} <= {".safetensors", ".json", ".md"}
    pipeline = StableDiffusionPipeline.from_pretrained(FOLDER, safety_checker=None)
    assert pipeline.unet.config.cross_attention_dim == pipeline.text_encoder.config.hidden_size


def test_what_is_put_in_place_of_the_erased_stays_as_sharp_as_it_was_drawn(warm, tmp_path):
    sky, mask = tmp_path / "sky.exr", tmp_path / "mask.png"
    list(generate(Job(prompt=PROMPTS["night"], seed=1, steps=2, width=512, sync_steps=0), sky, warm))
    area = np.zeros((256, 512), np.uint8)
    area[20:110, 200:320] = 255
    Image.fromarray(area).save(mask)
    erasing = Job(prompt="clear sky", start=str(sky), mask=str(mask), erase=True, seed=1)
    *_, result = generate(erasing, tmp_path / "erased.exr", warm)
    stars = (tonemap(read_radiance(tmp_path / "erased.exr"))[:, 40:90, 220:300].amax(0) > 0.5).float().mean()
    assert result.job["strength"] == 0
    assert stars > 0.002


def test_unknown_words_do_no_harm(warm, tmp_path: Path):
    job = Job(prompt="🦄 quixotic zeppelins, \n8K, trending", seed=1, steps=2, sync_steps=0)
    *_, result = generate(job, tmp_path / "sky.exr", warm)
    assert (tmp_path / "sky.exr").exists()
    assert result.event == "result"


def test_words_it_does_not_know_are_named(warm, tmp_path):
    job = Job(prompt="a dragon over the sea at sunset", seed=1, steps=1, sync_steps=0)
    events = list(generate(job, tmp_path / "sky.exr", warm))
    notice = next(event for event in events if getattr(event, "code", "") == "unknown_words")
    assert "does not know: dragon." in notice.message


@pytest.mark.parametrize(
    ("prompt", "layout", "unknown"),
    [("a skyline at dusk", None, False), ("a skyline at dusk", "none", True), ("a skyline", None, True)],
)
def test_what_is_drawn_is_not_unknown_and_what_is_not_drawn_is(warm, prompt, layout, unknown):
    job, model = Job(prompt=prompt, layout=layout, seed=1), warm.get(BUNDLED_MODEL, torch.device("cpu"))
    told = [notice.message for notice in notices(job, model, plan(job, model).job)]
    assert ["skyline" in message for message in told] == [True] * unknown
