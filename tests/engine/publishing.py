"""The tiny model in the form in which the hub holds models."""

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file


def publish(model: Path, folder: Path) -> Path:
    """Copy *model* to *folder* as the hub holds models: also with 16 bits, as pickles, for other runtimes, and with a
    checker. Returns *folder*."""
    shutil.copytree(model, folder)
    for file in list(folder.rglob("*.safetensors")):
        half = {name: tensor.half() for name, tensor in load_file(file).items()}
        save_file(half, file.with_suffix(".fp16.safetensors"))
    index = json.loads((folder / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["feature_extractor"] = ["transformers", "CLIPImageProcessor"]
    (folder / "model_index.json").write_text(json.dumps(index))
    for name in (
        *("unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.non_ema.safetensors", "unet/model.onnx"),
        *("safety_checker/model.safetensors", "safety_checker/config.json", "model.ckpt", "README.md"),
        *("vae/openvino_model.xml", "text_encoder/flax_model.msgpack"),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not wanted")
    (folder / "feature_extractor").mkdir()
    (folder / "feature_extractor" / "preprocessor_config.json").write_text("{}")
    return folder
