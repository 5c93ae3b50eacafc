"""Skies that begin with a picture or a layout, on a tiny random model of each larger family, by the public path."""

from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from PIL import Image
from safetensors.torch import load_file
from skies import pixels
from tiny_flow import make_flow_model
from tiny_models import FAMILIES, make_model

from engine.job import Job
from engine.job_parts import Layout
from engine.models.loading import WarmModel
from engine.pipeline import generate
from engine.sampling.windows import Windows
from engine.start.layout import draw
from engine.start.reading import read_panorama

STEPS, WIDTH, WINDOW = 4, 256, 16  # denoising steps, pixels, latent columns
LAYOUT = Layout(azimuth=200, elevation=12, clouds="few", ground="sea")


@pytest.fixture(scope="module", params=("sdxl", "sd3", "flux-dev", "flux-schnell"))
def folder(request, tmp_path_factory) -> Path:
    make = make_model if request.param in FAMILIES else make_flow_model
    return make(request.param, tmp_path_factory.mktemp("models") / request.param)


@pytest.fixture
def models() -> WarmModel:
    return WarmModel()


@pytest.fixture
def paint(folder, models, tmp_path):
    def paint(name: str, trace: Path | None = None, **asked: object) -> Path:
        quick = {"steps": STEPS, "poles": False, "sampler": "multidiffusion", "sun": "off", "seed": 1, "guidance": 1}
        where = {"stride": WINDOW} | ({} if "mask" in asked else {"width": WIDTH})
        job = Job(**{"prompt": "a storm", "model": str(folder), **quick, **where, **asked})
        *_, result = generate(job, tmp_path / f"{name}.exr", models, trace)
        return Path(result.exr)

    return paint


@pytest.fixture
def start(tmp_path) -> Path:
    """What no model here paints: a bright west, a dark ground."""
    y, x = np.mgrid[0 : WIDTH // 2, 0:WIDTH]
    colours = np.stack([x * 255 // WIDTH, 255 - x * 200 // WIDTH, 255 - y], -1)
    Image.fromarray(colours.astype(np.uint8)).save(tmp_path / "start.png")
    return tmp_path / "start.png"


def signal_and_noise(folder: Path, first: int) -> tuple[float, float]:
    """How much of each there is before step *first* of :data:`STEPS`, says diffusers."""
    kind = diffusers.DDIMScheduler if folder.name == "sdxl" else diffusers.FlowMatchEulerDiscreteScheduler
    scheduler = kind.from_pretrained(folder, subfolder="scheduler")
    if folder.name == "sdxl":
        scheduler.set_timesteps(STEPS)
        power = scheduler.alphas_cumprod[scheduler.timesteps[first]].item()
        return power**0.5, (1 - power) ** 0.5
    flux = folder.name.startswith("flux")
    spacing = {"sigmas": np.linspace(1, 1 / STEPS, STEPS)} if flux else {"num_inference_steps": STEPS}
    if scheduler.config.use_dynamic_shifting:
        spacing["mu"] = calculate_shift((WINDOW // 2) ** 2)
    scheduler.set_timesteps(**spacing)
    sigma = scheduler.sigmas[first].item()
    return 1 - sigma, sigma


def test_strength_0_keeps_what_it_begins_with(paint, start):
    own = read_panorama(str(start), WIDTH).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(pixels(paint("kept", start=str(start), strength=0)), own, atol=1e-3)
    drawn = pixels(paint("drawn", layout=LAYOUT, strength=0))
    np.testing.assert_allclose(drawn, draw(LAYOUT, WIDTH // 2).permute(1, 2, 0).numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("begins", ["start", "layout"])
@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
def test_denoising_begins_at_the_level_of_the_strength(paint, folder, models, start, tmp_path, begins, strength):
    """What the network is given first is the encoded picture under as much of the seed's noise as diffusers has there,
    and of the steps it takes the last."""
    model, seen = models.get(str(folder), torch.device("cpu")), []
    watch = model._network.register_forward_pre_hook(lambda _network, given: seen.append(given[0].clone()))
    beginning = {"start": str(start)} if begins == "start" else {"layout": LAYOUT}
    paint("begun", trace=tmp_path / "trace.safetensors", strength=strength, **beginning)
    watch.remove()
    trace = load_file(tmp_path / "trace.safetensors")
    radiance = read_panorama(str(start), WIDTH) if begins == "start" else draw(LAYOUT, WIDTH // 2)
    latents = model.encode(model.transfer.from_radiance(radiance)[None], wraps=True)
    first = round((1 - strength) * STEPS)
    signal, noise = signal_and_noise(folder, first)
    assert 0 < noise < 1
    ring = Windows.layout("ring", WIDTH // model.factor, WINDOW, WINDOW)
    expected = ring.gather(signal * latents + noise * trace["noise"])
    if folder.name.startswith("flux"):
        expected = torch.nn.functional.pixel_unshuffle(expected, 2).flatten(2).transpose(1, 2)
    windows = torch.cat(seen).split(len(expected))
    torch.testing.assert_close(windows[0], expected, atol=1e-4, rtol=0)
    assert len(windows) == STEPS - first == sum(name.startswith("latent") for name in trace)


def test_what_a_mask_keeps_is_kept_at_any_strength(paint, start, tmp_path):
    own = paint("own", start=str(start), strength=0)
    mask = np.zeros((WIDTH // 2, WIDTH), np.uint8)
    mask[20:80, 40:120] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    edit = {"start": str(own), "mask": str(tmp_path / "mask.png"), "prompt": "snow", "feather": 0}
    departs = []
    for strength in (0, 0.5, 1):
        apart = np.abs(pixels(paint(f"edited{strength}", strength=strength, **edit)) - pixels(own)).mean(2)
        assert not apart[mask == 0].any()
        departs.append(apart[mask > 0].mean())
    assert departs[0] == 0 and departs[1] > 0 and departs[2] > 0
