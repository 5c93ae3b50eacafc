"""ControlNets of flow-matching transformers: the networks are diffusers' own, pictures are encoded once."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    FluxControlNetModel,
    FluxControlNetPipeline,
    FluxPipeline,
    SD3ControlNetModel,
    StableDiffusion3ControlNetPipeline,
)
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image
from skies import pixels
from tiny_flow import make_flow_model

from engine.errors import BadModel
from engine.job import Job
from engine.models.denoiser import Conditioning
from engine.models.loading import load_model
from engine.models.model import Model
from engine.pipeline import generate
from engine.sampling.samplers import multidiffusion
from engine.sampling.windows import Windows

STEPS = 3
PIPELINES = {"sd3": StableDiffusion3ControlNetPipeline, "flux": FluxControlNetPipeline}
# A ControlNet by name: its model, and what tells it apart.
CONTROLS = {
    "sd3": ("sd3", {}),
    "sd3-unpooled": ("sd3", {"force_zeros_for_pooled_projection": True}),
    "sd3-without-text": ("sd3", {"joint_attention_dim": None, "use_pos_embed": False}),
    "flux-told": ("flux-dev", {}),
    "flux-untold": ("flux-dev", {"guidance_embeds": False}),
    "flux-schnell-told": ("flux-schnell", {"guidance_embeds": True}),
}
REFUSED = {
    "flux-union": ("flux-dev", {"num_mode": 3}, "is a union"),
    "flux-pixels": ("flux-dev", {"conditioning_embedding_channels": 4}, "reads pixels"),
    "flux-narrow": ("flux-dev", {"num_attention_heads": 1}, "another family .* its num_attention_heads is 1"),
    "sd3-masked": ("sd3", {"extra_conditioning_channels": 1}, "reads a mask"),
    "sd3-narrow": ("sd3", {"pooled_projection_dim": 8}, "another family .* its pooled_projection_dim is 8"),
}


def save_control(model: Path, folder: Path, changes: dict) -> None:
    """A ControlNet for *model* with *changes* to its settings, and random weights throughout."""
    if model.name.startswith("sd3"):
        changes = {"force_zeros_for_pooled_projection": False} | changes
    torch.manual_seed(3)
    kind = control_class(model.name)
    control = kind.from_config(dict(kind.load_config(model / "transformer")) | changes)
    for name, weight in control.named_parameters():
        if name.startswith(("controlnet_", "pos_embed_input")):  # these begin at zero, and would do nothing
            torch.nn.init.normal_(weight, std=0.3)
    control.save_pretrained(folder)


def control_class(name: str):
    return SD3ControlNetModel if name.startswith("sd3") else FluxControlNetModel


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("control")
    for name in {model for model, _ in CONTROLS.values()}:
        make_flow_model(name, root / name)
    for name, (model, changes, *_) in (CONTROLS | REFUSED).items():
        save_control(root / model, root / f"{name}-control", changes)
    return root


def last_of(model: Model, conditioning: Conditioning, noise: torch.Tensor, windows: Windows) -> torch.Tensor:
    solver = model.solver("flow-euler", STEPS, (16, 16), torch.Generator())
    *_, last = multidiffusion(model.denoiser(conditioning), noise, solver, windows)
    return last.x


@pytest.mark.parametrize("name", CONTROLS)
def test_latents_are_diffusers_own(folder, name, monkeypatch):
    """Theirs draw the picture's latents at random, ours are the likeliest: that is the one difference taken away."""
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda it, generator=None: it.mode())
    path, flux = folder / CONTROLS[name][0], name.startswith("flux")
    model = load_model(str(path), torch.device("cpu"))
    model.follow(str(folder / f"{name}-control"))
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    hint = np.random.default_rng(2).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    shown = torch.from_numpy(hint).permute(2, 0, 1)[None] / 255
    control = {"control": shown, "control_scale": torch.full((1, 1, 1, 1), 0.7)}
    free = model.condition("a storm", "a calm", 5.0)
    ours, without = (
        last_of(model, condition, noise, Windows.layout("strip", 16, 16, 16))
        for condition in (free.beside(control), free)
    )
    assert (ours - without).abs().max() > 0.01
    theirs = (
        PIPELINES["flux" if flux else "sd3"]
        .from_pretrained(
            path, controlnet=control_class(name).from_pretrained(folder / f"{name}-control"), **model.without
        )(
            "a storm",
            control_image=Image.fromarray(hint),
            latents=FluxPipeline._pack_latents(noise, 1, 4, 16, 16) if flux else noise.clone(),
            guidance_scale=5.0,
            num_inference_steps=STEPS,
            height=128,
            width=128,
            controlnet_conditioning_scale=0.7,
            output_type="latent",
            **({} if flux else {"negative_prompt": "a calm"}),
        )
        .images
    )
    theirs = FluxPipeline._unpack_latents(theirs, 128, 128, 8) if flux else theirs
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def picture(file: Path, seed: int) -> str:
    values = np.random.default_rng(seed).integers(0, 256, (8, 16), dtype=np.uint8)
    Image.fromarray(values).resize((256, 128)).save(file)
    return str(file)


@pytest.mark.parametrize(("name", "width"), [("sd3", 256), ("flux-told", 256), ("sd3", 512)])
def test_public_path(folder, tmp_path, name, width):
    """Synchronized, or enlarged with the views of the poles."""
    model, control = str(folder / CONTROLS[name][0]), str(folder / f"{name}-control")
    large = width > 256
    made = {"width": width, "steps": 2, "sync_steps": 0 if large else 1, "poles": large, "seed": 1, "sun": "off"}
    first, other = (
        {"control": control, "control_image": picture(tmp_path / f"shown-{seed}.png", seed)} for seed in (0, 1)
    )

    def sky(number: int, fields: dict) -> np.ndarray:
        *_, _result = generate(Job(prompt="a storm", model=model, **made, **fields), tmp_path / f"{number}.exr")
        return pixels(tmp_path / f"{number}.exr")

    skies = [sky(*each) for each in enumerate((first, other, first | {"control_scale": 0.0}, {}))]
    assert not np.allclose(skies[0], skies[1], atol=1e-3)
    assert not np.allclose(skies[0], skies[3], atol=1e-3)
    assert np.allclose(skies[2], skies[3], atol=1e-5)


def test_each_window_is_encoded_once_from_its_own_crop(folder, monkeypatch):
    model = load_model(str(folder / "sd3"), torch.device("cpu"))
    model.follow(str(folder / "sd3-control"))
    windows = Windows.layout("ring", 32, 16, 8)
    crops = torch.rand(4, 3, 128, 128, generator=torch.Generator().manual_seed(2))
    encoded, read, encode, call = [], [], model.encode, model._call_network
    monkeypatch.setattr(model, "encode", lambda shown, wraps: encoded.append(shown) or encode(shown, wraps))
    monkeypatch.setattr(
        model, "_call_network", lambda x, t, inputs: read.append(inputs["control"]) or call(x, t, inputs)
    )
    control = {"control": crops, "control_scale": torch.ones(1, 1, 1, 1)}
    last_of(model, model.condition("a storm", "", 1.0).beside(control), torch.randn(1, 4, 16, 32), windows)
    torch.testing.assert_close(torch.cat(encoded), crops * 2 - 1)
    assert len(read) == STEPS
    for given in read:
        torch.testing.assert_close(given, torch.cat([encode(crop[None] * 2 - 1, False) for crop in crops]))


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(folder, name):
    model, _, says = REFUSED[name]
    with pytest.raises(BadModel, match=says):
        load_model(str(folder / model), torch.device("cpu")).follow(str(folder / f"{name}-control"))


def test_another_family_is_refused_at_both_doors(folder, tmp_path):
    for model, control in (("sd3", "flux-told-control"), ("flux-dev", "sd3-control")):
        with pytest.raises(BadModel, match="another family of models: its class is"):
            load_model(str(folder / model), torch.device("cpu")).follow(str(folder / control))
        follows = {"control": str(folder / control), "control_image": picture(tmp_path / "0.png", 0)}
        with pytest.raises(BadModel, match=r"ControlNet .* was made for .*; the model is one of"):
            list(generate(Job(prompt="a storm", model=str(folder / model), **follows), tmp_path / "sky.exr"))
