"""A single safetensors file is a model too, without any network: its settings come with Skyloom."""

import hashlib
import socket
from pathlib import Path

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, UNet2DConditionModel
from original_names import write_single_file
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from engine.errors import BadModel
from engine.models import single_file
from engine.models.folder import find_model
from engine.models.loading import load_model

CPU = torch.device("cpu")


@pytest.fixture
def file(nano_path: Path, tmp_path: Path) -> Path:
    return write_single_file(nano_path, tmp_path / "nano.safetensors")


def test_has_the_weights_of_the_folder(file: Path, nano_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The same model as a folder and as a file; the settings are the folder's, because the tiny model has its own."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it goes online"))
    monkeypatch.setattr(single_file, "settings_of", lambda _file: nano_path)
    tokenizer = CLIPTokenizer.from_pretrained(nano_path / "tokenizer")
    monkeypatch.setattr(single_file, "clip_tokenizer", lambda _pad: tokenizer)
    folder, single = load_model(str(nano_path), CPU), load_model(str(file), CPU)
    for part in ("unet", "vae", "text_encoder"):
        expected, loaded = (getattr(model._pipeline, part).state_dict() for model in (folder, single))
        assert expected.keys() == loaded.keys()
        for name, tensor in expected.items():
            assert torch.equal(tensor, loaded[name]), name
    texts = [model.condition("a storm", "", 7.5).positive["text"] for model in (folder, single)]
    assert torch.equal(*texts)


def test_family_is_seen(file: Path):
    found = find_model(str(file))
    assert found.family == "StableDiffusionPipeline"
    assert found.settings == single_file.SETTINGS / "sd1"
    assert {"unet", "vae", "text_encoder", "tokenizer", "scheduler"} == found.parts


@pytest.mark.parametrize("missing", ["cond_stage_model.", "model.diffusion_model."])
def test_half_a_model_is_refused(file: Path, missing: str):
    save_file({name: tensor for name, tensor in load_file(file).items() if not name.startswith(missing)}, file)
    with pytest.raises(BadModel, match="not a whole model"):
        find_model(str(file))


def test_what_predicts_who_knows_what_is_refused(file: Path):
    save_file(load_file(file) | {single_file._SD2: torch.zeros(1)}, file)
    with pytest.raises(BadModel, match="does not say what it predicts"):
        find_model(str(file))


def test_inpainting_and_damaged_files_are_refused(file: Path):
    tensors = load_file(file)
    tensors[single_file._FIRST] = torch.zeros(8, 9, 3, 3)
    save_file(tensors, file)
    with pytest.raises(BadModel, match="inpainting"):
        find_model(str(file))
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(BadModel, match="truncated"):
        find_model(str(file))


@pytest.mark.parametrize(
    ("part", "kind", "parameters"),
    [
        ("sd1/unet", UNet2DConditionModel, 859_520_964),
        ("sd1/vae", AutoencoderKL, 83_653_863),
        ("sd1/text_encoder", CLIPTextModel, 123_060_480),
        ("sdxl/unet", UNet2DConditionModel, 2_567_463_684),
        ("sdxl/text_encoder_2", CLIPTextModelWithProjection, 694_659_840),
    ],
)
def test_settings_make_networks_of_the_published_sizes(part: str, kind: type, parameters: int):
    folder = single_file.SETTINGS / part
    with init_empty_weights():
        if hasattr(kind, "load_config"):
            network = kind.from_config(kind.load_config(folder))
        else:
            network = kind(CLIPTextConfig.from_pretrained(folder))
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_tokenizer_is_clips():
    merges = (single_file.SETTINGS / "merges.txt").read_bytes()
    published = "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a"
    assert hashlib.sha256(merges).hexdigest() == published
    tokenizer = single_file.clip_tokenizer("!")
    assert len(tokenizer) == 49408
    assert tokenizer("a photo of an astronaut").input_ids == [49406, 320, 1125, 539, 550, 18376, 49407]
    assert tokenizer.pad_token_id == 0
