"""Flow-matching models, by the public path and against diffusers' own pipelines, on tiny random models."""

from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline, FluxPipeline
from tiny_flow import NAMES, make_flow_model

from engine.errors import BadRequest
from engine.job import Job
from engine.models.loading import load_model
from engine.models.model import Model
from engine.pipeline import generate
from engine.plan import plan
from engine.protocol import Notice
from engine.sampling.samplers import multidiffusion
from engine.sampling.windows import Windows


@pytest.fixture(scope="module", params=NAMES)
def folder(request, tmp_path_factory) -> Path:
    return make_flow_model(request.param, tmp_path_factory.mktemp("models") / request.param)


@pytest.fixture
def model(folder) -> Model:
    return load_model(str(folder), torch.device("cpu"))


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_picture_is_diffusers_own(folder, model, guidance):
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    without_t5 = {"text_encoder_3": None, "tokenizer_3": None} if "without" in folder.name else {}
    pipeline = DiffusionPipeline.from_pretrained(folder, **model.without, **without_t5)
    flux = folder.name.startswith("flux")
    theirs = pipeline(
        "a storm",
        latents=FluxPipeline._pack_latents(noise, 1, 4, 16, 16) if flux else noise,
        guidance_scale=guidance,
        num_inference_steps=4,
        height=128,
        width=128,
        output_type="pt",
        **({} if flux else {"negative_prompt": "a calm"}),
    ).images
    denoise = model.denoiser(model.condition("a storm", "a calm", guidance))
    solver = model.solver("flow-euler", 4, (16, 16), torch.Generator())
    *_, last = multidiffusion(denoise, noise, solver, Windows.layout("strip", 16, 16, 16))
    with torch.no_grad():
        ours = (model.decode(last.x, wraps=False) / 2 + 0.5).clamp(0, 1)
    assert theirs.std() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_prompt_becomes_a_synchronized_panorama(folder, tmp_path):
    job = Job(prompt="a storm", negative="a calm", guidance=3, model=str(folder), width=256, steps=2, seed=1)
    *events, result = generate(job, tmp_path / "sky.exr")
    assert (result.width, result.height, result.job["sync_steps"]) == (256, 128, 2)
    told = {"flux-dev": ["negative_unused"], "flux-schnell": ["negative_unused", "guidance_unused"]}
    assert [event.code for event in events if isinstance(event, Notice)] == told.get(folder.name, [])


OWN = {"sd3": (28, 7.0), "sd3-without-t5": (28, 7.0), "flux-dev": (28, 3.5), "flux-schnell": (4, 1.0)}


def test_a_model_brings_its_own_settings(folder, model):
    done = plan(Job(prompt="a", width=256), model).job
    assert (done.solver, done.steps, done.guidance) == ("flow-euler", *OWN[folder.name])


@pytest.mark.parametrize(
    ("asked", "says"), [({"solver": "ddim"}, "Choose from flow-euler"), ({"sampler": "full"}, "go round a ring")]
)
def test_what_does_not_fit_a_flow_is_refused(asked, says, model):
    with pytest.raises(BadRequest, match=says):
        plan(Job(prompt="a", width=256, **asked), model)


def test_windows_larger_than_a_model_sees_are_refused(tmp_path):
    model = load_model(str(make_flow_model("sd3-without-t5", tmp_path)), torch.device("cpu"))
    with pytest.raises(BadRequest, match="a base_width of at most 384 and a window of at most 24"):
        plan(Job(prompt="a", width=512, base_width=512), model)
