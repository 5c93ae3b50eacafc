"""LoRAs and learned words, on tiny random models."""

from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from tiny_models import make_model
from tiny_unconditional import make_unconditional_model

from engine.errors import BadModel
from engine.job import Job
from engine.models.loading import WarmModel
from engine.models.model import Model
from engine.pipeline import generate
from engine.sampling.samplers import multidiffusion
from engine.sampling.windows import Windows

CPU = torch.device("cpu")
NO_FILTER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("sd1", "sdxl"):
        make_model(name, folder / name)
    make_unconditional_model("ddpm", folder / "ddpm")
    for seed, name in enumerate(("first", "second")):
        make_lora(folder / "sd1", folder / f"{name}.safetensors", seed)
    return folder


def make_lora(model: Path, file: Path, seed: int) -> None:
    torch.manual_seed(seed)
    unet = StableDiffusionPipeline.from_pretrained(model, **NO_FILTER).unet
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_k", "conv1"], init_lora_weights=False))
    layers = get_peft_model_state_dict(unet)
    StableDiffusionPipeline.save_lora_weights(file.parent, unet_lora_layers=layers, weight_name=file.name)


def latents(model: Model, prompt: str = "a storm") -> torch.Tensor:
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    solver = model.solver("ddim", 2, (16, 16), torch.Generator())
    denoise = model.denoiser(model.condition(prompt, "", 6.0))
    *_, last = multidiffusion(denoise, noise, solver, Windows.layout("strip", 16, 16, 16))
    return last.x


def test_several_loras_are_as_in_diffusers(folders):
    files = [str(folders / f"{name}.safetensors") for name in ("first", "second")]
    warm = WarmModel()
    plain = latents(warm.get(str(folders / "sd1"), CPU))
    ours = latents(warm.get(str(folders / "sd1"), CPU, ((files[0], 0.8), (files[1], -0.5))))
    pipeline = DiffusionPipeline.from_pretrained(folders / "sd1", **NO_FILTER)
    for name, file in zip("ab", files, strict=True):
        pipeline.load_lora_weights(file, adapter_name=name)
    pipeline.set_adapters(["a", "b"], [0.8, -0.5])
    theirs = pipeline(
        "a storm",
        latents=torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1)),
        guidance_scale=6.0,
        num_inference_steps=2,
        height=128,
        width=128,
        output_type="latent",
    ).images
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)
    assert (ours - plain).abs().max() > 1e-2
    assert torch.equal(latents(warm.get(str(folders / "sd1"), CPU)), plain)  # nothing is left of them


def test_lora_and_word_by_the_public_path(folders, tmp_path):
    save_file({"emb_params": torch.randn(2, 16)}, tmp_path / "mysky.safetensors")
    job = Job(
        prompt="a mysky at noon",
        model=str(folders / "sd1"),
        loras=((str(folders / "first.safetensors"), 0.5),),
        embeddings=(str(tmp_path / "mysky.safetensors"),),
        width=256,
        steps=2,
        sync_steps=1,
    )
    *_, result = generate(Job.from_json(job.to_json()), tmp_path / "sky.exr")
    assert Path(result.exr).exists()


def test_a_learned_word_is_as_many_tokens_as_it_has_vectors(folders, tmp_path):
    save_file({"mysky": torch.randn(2, 16)}, tmp_path / "any.safetensors")
    model = WarmModel().get(str(folders / "sd1"), CPU, (), (str(tmp_path / "any.safetensors"),))
    known, unknown = (model.condition(f"a {word}", "", 1).positive["text"][0] for word in ("mysky", "other"))
    ends = model.condition("a bc", "", 1).positive["text"][0]
    assert not torch.allclose(known[2:4], unknown[2:4])
    assert not torch.allclose(known[2:4], ends[2:4])
    tokenizer = model._pipeline.tokenizer
    assert tokenizer.convert_tokens_to_ids(["mysky", "mysky_1"]) == [len(tokenizer) - 2, len(tokenizer) - 1]


def test_files_that_do_not_fit_are_refused(folders, tmp_path):
    lora = str(folders / "first.safetensors")
    save_file({"word": torch.randn(1, 99)}, tmp_path / "word.safetensors")
    save_file({"flux.nothing": torch.randn(1, 99)}, tmp_path / "odd.safetensors")
    (tmp_path / "lora.bin").write_bytes(b"x")
    (tmp_path / "cut.safetensors").write_bytes(b"x")
    word = str(tmp_path / "word.safetensors")
    for family, loras, embeddings, says in (
        ("sdxl", [lora], [], "first.safetensors was made for a kind with text"),
        ("ddpm", [lora], [], "No LoRA fits this model"),
        ("ddpm", [], [word], "learns no embeddings"),
        ("sd1", [], [word], "embedding .* does not fit this model"),
        ("sd1", [str(tmp_path / "odd.safetensors")], [], "odd.safetensors does not fit"),
        ("sd1", [str(tmp_path / "none.safetensors")], [], "does not exist"),
        ("sd1", [str(tmp_path / "lora.bin")], [], "is a pickle"),
        ("sd1", [str(tmp_path / "cut.safetensors")], [], "truncated or damaged"),
    ):
        with pytest.raises(BadModel, match=says):
            WarmModel().get(str(folders / family), CPU, tuple((file, 1.0) for file in loras), tuple(embeddings))
