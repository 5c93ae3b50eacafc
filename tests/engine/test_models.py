"""A model folder that cannot be used is refused with what is wrong with it."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import BadModel
from engine.models.folder import find_model
from engine.models.loading import load_model


@pytest.fixture
def model(nano_path, tmp_path) -> Path:
    return Path(shutil.copytree(nano_path, tmp_path / "model"))


def truncate(model: Path) -> None:
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def make_pickle(model: Path) -> None:
    (model / "unet" / "diffusion_pytorch_model.safetensors").rename(model / "unet" / "diffusion_pytorch_model.bin")


def change_family(model: Path) -> None:
    index = model / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"_class_name": "KandinskyPipeline"}))


def drop_text_encoder(model: Path) -> None:
    index = model / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"text_encoder": [None, None]}))


def empty(model: Path) -> None:
    shutil.rmtree(model)
    model.mkdir()


FAULTS = {
    "does not exist": shutil.rmtree,
    "is empty": empty,
    "no model_index.json": lambda model: (model / "model_index.json").unlink(),
    "cannot be read": lambda model: (model / "model_index.json").write_text("{"),
    "truncated or damaged": truncate,
    "is a pickle": make_pickle,
    "lacks its part 'vae'": lambda model: shutil.rmtree(model / "vae"),
    "has no text_encoder": drop_text_encoder,
    "no weights": lambda model: (model / "unet" / "diffusion_pytorch_model.safetensors").unlink(),
    "a family that Skyloom does not know": change_family,
    "cannot be loaded": lambda model: (model / "unet" / "config.json").write_text('{"_class_name": "UNet2DModel"}'),
}


@pytest.mark.parametrize("says", FAULTS)
def test_fault_is_named(says, model):
    FAULTS[says](model)
    with pytest.raises(BadModel, match=says):
        load_model(str(model), torch.device("cpu"))


@pytest.mark.parametrize(("name", "says"), [("sd.ckpt", "is a pickle"), ("sd.gguf", "is a file")])
def test_single_file_is_refused(name, says, tmp_path):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BadModel, match=says):
        find_model(str(tmp_path / name))


def test_clip_sample_left_unset_is_off(model):
    """diffusers' DDIM would fall back to clipping latents at 1."""
    config = model / "scheduler" / "scheduler_config.json"
    values = json.loads(config.read_text())
    del values["clip_sample"]
    config.write_text(json.dumps(values))
    from engine.sampling.solver import Solver

    solver = Solver("ddim", load_model(str(model), torch.device("cpu")).scheduler_config, 2, torch.device("cpu"))
    large = torch.full((1, 4, 2, 2), 5.0)
    stepped = solver.step(len(solver.levels) - 1, large, large)
    assert stepped.max() > 4


def test_mixed_dtypes_in_a_folder_load_as_one(model):
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(weights).items()}, weights)
    loaded = load_model(str(model), torch.device("cpu"))
    assert {weight.dtype for weight in loaded._network.parameters()} == {torch.float32}
