"""ControlNets: each window follows its own crop of the picture; the network is diffusers' own; others are refused."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline, UNet2DConditionModel
from PIL import Image
from skies import pixels
from stepping import everything
from tiny_models import make_model
from torch.nn.functional import avg_pool2d, interpolate

from engine.batch.crew import Alone, Outcome
from engine.batch.shots import Shot
from engine.errors import BadModel, BadRequest
from engine.job import Job
from engine.light.transfer import linear_to_srgb
from engine.models import loading
from engine.models.denoiser import Conditioning, GuidedDenoiser
from engine.models.loading import load_model
from engine.pipeline import generate
from engine.plan import plan
from engine.precision import Precision
from engine.refinement import Refiner
from engine.sampling.grid import Grid
from engine.sampling.samplers import multidiffusion
from engine.sampling.solver import Solver
from engine.sampling.windows import Windows
from engine.sphere.equirectangular import direction, directions
from engine.sphere.gnomonic import View
from engine.start.control import control_crops, control_inputs
from engine.start.reading import read_panorama

STEPS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, and beside it a ControlNet of its family with random weights throughout."""
    root = tmp_path_factory.mktemp("control")
    for family in ("sd1", "sd2", "sdxl"):
        make_model(family, root / family)
        torch.manual_seed(3)
        unet = UNet2DConditionModel.from_pretrained(root / family / "unet")
        control = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 8, 8))
        for name, weight in control.named_parameters():
            if "controlnet_" in name and "cond_embedding" not in name:  # these begin at zero, and would do nothing
                torch.nn.init.normal_(weight, std=0.3)
        for weight in control.controlnet_cond_embedding.conv_out.parameters():
            torch.nn.init.normal_(weight, std=0.3)
        control.save_pretrained(root / f"{family}-control")
    return root


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A panorama whose grey says which column it is."""
    file = tmp_path_factory.mktemp("pictures") / "columns.png"
    Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (128, 1))).save(file)
    return str(file)


def test_each_window_gets_its_crop(picture):
    """An identity network, which takes the crop that it was given for the clean window, paints the picture itself."""
    windows = Windows.layout("ring", 32, 16, 4)
    inputs = control_inputs(Job(prompt="x", control="c", control_image=picture), windows, factor=8)
    assert inputs["control"].shape == (8, 3, 128, 128)

    def identity(x, _timestep, given):
        return torch.nn.functional.avg_pool2d(given["control"], 8).mean(1, keepdim=True).expand_as(x)

    conditioning = Conditioning({}, {}, 7.0).beside(inputs)
    denoise = GuidedDenoiser(torch.nn.Identity(), identity, "sample", conditioning, wraps=False)
    solver = Solver("ddim", {"num_train_timesteps": 1000, "clip_sample": False}, STEPS, torch.device("cpu"))
    *_, last = multidiffusion(denoise, torch.randn(1, 4, 16, 32), solver, windows)
    columns = torch.arange(32) * 8 + 3.5  # each latent is the mean of eight columns
    torch.testing.assert_close(last.x0[0, 0, 0], columns / 255, atol=2e-3, rtol=0)
    assert last.x0.std(2).max() < 1e-5


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_latents_are_diffusers_own(folder, guidance):
    model = load_model(str(folder / "sd1"), torch.device("cpu"))
    model.follow(str(folder / "sd1-control"))
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    hint = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(2))
    control = {"control": hint, "control_scale": torch.full((1, 1, 1, 1), 0.7)}
    condition = model.condition("a storm", "a calm", guidance).beside(control)
    solver = model.solver("ddim", STEPS, (16, 16), torch.Generator())
    *_, last = multidiffusion(model.denoiser(condition), noise, solver, Windows.layout("strip", 16, 16, 16))
    theirs = StableDiffusionControlNetPipeline.from_pretrained(
        folder / "sd1",
        controlnet=ControlNetModel.from_pretrained(folder / "sd1-control"),
        safety_checker=None,
        feature_extractor=None,
    )(
        "a storm",
        hint,
        negative_prompt="a calm",
        latents=noise.clone(),
        guidance_scale=guidance,
        num_inference_steps=STEPS,
        controlnet_conditioning_scale=0.7,
        output_type="latent",
    ).images
    torch.testing.assert_close(last.x, theirs, atol=1e-4, rtol=0)


def blocks(file: Path, turn: int) -> str:
    """A panorama of grey blocks, one a latent of :func:`test_larger_windows_get_their_crops`, turned by *turn*."""
    random = torch.rand(1, 1, 32, 64, generator=torch.Generator().manual_seed(5))
    wide = interpolate(random, scale_factor=8, mode="nearest")[0, 0].roll(turn * 8, 1)
    Image.fromarray((wide * 255).byte().numpy()).save(file)
    return str(file)


def test_larger_windows_get_their_crops(folder, tmp_path, monkeypatch):
    """An identity network again, and an autoencoder that only shrinks: a picture that is refined and follows itself
    comes back; if it follows another, whose blocks lie elsewhere, it does not."""
    model = load_model(str(folder / "sd1"), torch.device("cpu"))
    assert model.factor == 8

    def small(pictures, wraps=False):
        return avg_pool2d(pictures, 8).mean(1, keepdim=True).repeat(1, model.channels, 1, 1)

    def large(latents, wraps=False, tiles=False):
        return interpolate(latents[:, :3], scale_factor=8, mode="nearest")

    monkeypatch.setattr(model, "_prediction", "sample")
    monkeypatch.setattr(model, "_call_network", lambda x, t, inputs: small(inputs["control"] * 2 - 1))
    monkeypatch.setattr(model, "encode", small)
    monkeypatch.setattr(model, "decode", large)
    picture = linear_to_srgb(read_panorama(blocks(tmp_path / "0.png", 0), 512)) * 2 - 1
    errors = []
    for turn in (0, 5):
        control = {"control": "c", "control_image": blocks(tmp_path / f"{turn}.png", turn)}
        job = Job(prompt="x", model=str(folder / "sd1"), seed=0, width=512, steps=4, detail=0.5, poles=False, **control)
        todo = plan(job, model)
        (stage,) = todo.stages
        refining = Refiner(todo, model, [Conditioning({}, {}, 1.0)], Precision()).enlarge(picture, stage, None)
        *_, refined = everything(refining)
        errors.append((refined - picture).abs().max().item())
    assert errors[0] < 1e-5 and errors[1] > 0.5


@pytest.mark.parametrize("elevation", [75, -75])
def test_views_of_the_poles_get_their_crops(tmp_path, elevation):
    """A bright spot is in those windows, and there, where the view sees its direction."""
    towards, view = direction(200, elevation), View(30.0, math.copysign(90, elevation), 80.0, 256)
    spot = torch.tensordot(towards, directions(256), dims=1) > math.cos(math.radians(2))
    Image.fromarray(spot.byte().numpy() * 255).save(tmp_path / "spot.png")
    grid = Grid.layout((32, 32), 16, wraps=False)
    job = Job(prompt="x", control="c", control_image=str(tmp_path / "spot.png"))
    cut = control_crops(job, grid, 8, view)["control"]
    row, column, _ = view.pixels(towards)
    pixels, seen = grid.scaled(8), 0
    for number, crop in enumerate(cut(torch.arange(len(grid)))):
        rows, columns = pixels.rows[number // len(grid.columns)], pixels.columns[number % len(grid.columns)]
        if min(row - rows[0], rows[-1] - row, column - columns[0], columns[-1] - column) > 8:
            place = crop[0].argmax()
            seen += 1
            assert abs(rows[place // 128] - row) < 6 and abs(columns[place % 128] - column) < 6
    assert seen


def sky(tmp_path, name, **fields):
    *_, _result = generate(Job(prompt="a storm", steps=2, width=128, seed=1, sun="off", **fields), tmp_path / name)
    return pixels(tmp_path / name)


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_public_path(folder, picture, tmp_path, family):
    free = {"model": str(folder / family), "sampler": "multidiffusion"}
    control = {"control": str(folder / f"{family}-control"), "control_image": picture}
    first, again, off, without = (
        sky(tmp_path, f"{number}.exr", **free, **fields)
        for number, fields in enumerate((control, control, control | {"control_scale": 0}, {}))
    )
    assert np.array_equal(first, again)
    assert np.allclose(off, without, atol=1e-5)
    assert not np.allclose(first, without, atol=1e-3)


def test_a_batch_loads_the_model_once(folder, picture, tmp_path, monkeypatch):
    """Its rows are made side by side by the very model that follows the picture."""
    loaded, load = [], loading.load_model
    monkeypatch.setattr(loading, "load_model", lambda *what: loaded.append(what) or load(*what))
    control = {"control": str(folder / "sd1-control"), "control_image": picture}
    free = {"model": str(folder / "sd1"), "sampler": "multidiffusion", "steps": 2, "width": 128, "sun": "off"}
    shots = [
        Shot(row=row, line=row, job=Job(prompt="a storm", seed=row, **free, **control), exr=tmp_path / f"{row}.exr")
        for row in (1, 2)
    ]
    ends = [state.status for _, state in Alone(together=2).make(shots, tmp_path) if isinstance(state, Outcome)]
    assert ends == ["done", "done"] and len(loaded) == 1


def test_what_does_not_fit_is_refused(folder, picture, tmp_path):
    model = str(folder / "sd1")
    with pytest.raises(BadModel, match="another family"):
        load_model(model, torch.device("cpu")).follow(str(folder / "sdxl-control"))
    with pytest.raises(BadModel, match="no ControlNet in"):
        sky(tmp_path, "x.exr", model=model, control=str(tmp_path), control_image=picture)
    with pytest.raises(BadRequest, match="no control_image"):
        Job(prompt="x", control="c")
    with pytest.raises(BadRequest, match="cannot follow"):
        sky(
            tmp_path,
            "x.exr",
            model=model,
            control=str(folder / "sd1-control"),
            control_image=picture,
            sync_windows="side-by-side",
        )
