"""A Stable Diffusion folder as one file, with the names that the original code gives to weights."""

import re
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
UNET = {
    r"^conv_in": "input_blocks.0.0",
    r"^conv_norm_out": "out.0",
    r"^conv_out": "out.2",
    r"^time_embedding\.linear_1": "time_embed.0",
    r"^time_embedding\.linear_2": "time_embed.2",
    r"^mid_block\.attentions\.0": "middle_block.1",
    r"^mid_block\.resnets\.0": "middle_block.0",
    r"^mid_block\.resnets\.1": "middle_block.2",
}
VAE = {
    r"mid_block\.attentions\.0": "mid.attn_1",
    r"mid_block\.resnets\.0": "mid.block_1",
    r"mid_block\.resnets\.1": "mid.block_2",
    r"conv_norm_out": "norm_out",
    r"conv_shortcut": "nin_shortcut",
    r"down_blocks\.(\d)\.resnets\.(\d)": r"down.\1.block.\2",
    r"down_blocks\.(\d)\.downsamplers\.0": r"down.\1.downsample",
    r"up_blocks\.(\d)\.resnets\.(\d)": r"up.\1.block.\2",
    r"up_blocks\.(\d)\.upsamplers\.0": r"up.\1.upsample",
}
LAYERS, LEVELS = 1, 4  # of the tiny model: resnets a block of its UNet's way down, levels of its autoencoder


def write_single_file(folder: Path, file: Path) -> Path:
    """Write the model in *folder*, of UNet blocks with one resnet each, to *file* and return it."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in load_file(folder / "unet/diffusion_pytorch_model.safetensors").items():
        tensors[f"model.diffusion_model.{_unet(name)}"] = tensor
    for name, tensor in load_file(folder / "vae/diffusion_pytorch_model.safetensors").items():
        tensors[f"first_stage_model.{_vae(name)}"] = _as_convolution(name, tensor)
    for name, tensor in load_file(folder / "text_encoder/model.safetensors").items():
        tensors[f"cond_stage_model.transformer.text_model.{name}"] = tensor
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return file


def _unet(name: str) -> str:
    name = _replaced(name, UNET)
    if match := re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.", name):
        way, block, kind, layer = match[1], int(match[2]), match[3], int(match[4])
        rest = name[match.end() :]
        number = block * (LAYERS + 1) + layer
        if kind == "downsamplers":
            return f"input_blocks.{number + LAYERS + 1}.0.op.{rest.removeprefix('conv.')}"
        if kind == "upsamplers":
            return f"output_blocks.{number + LAYERS}.1.{rest}"
        start = f"input_blocks.{number + 1}" if way == "down" else f"output_blocks.{number}"
        name = f"{start}.{0 if kind == 'resnets' else 1}.{rest}"
        if kind == "attentions":
            return name
    return name if ".transformer_blocks." in name else _replaced(name, {rf"\b{a}\b": b for a, b in RESNET.items()})


def _vae(name: str) -> str:
    name = _replaced(name, VAE)
    if match := re.match(r"decoder\.up\.(\d)", name):  # counted from the other end
        name = f"decoder.up.{LEVELS - 1 - int(match[1])}{name[match.end() :]}"
    return _replaced(name, {re.escape(a): b for a, b in ATTENTION.items()}) if ".attn_1." in name else name


def _as_convolution(name: str, tensor: Tensor) -> Tensor:
    return tensor[:, :, None, None] if ".attentions." in name and tensor.dim() == 2 else tensor


def _replaced(text: str, patterns: dict[str, str]) -> str:
    for pattern, replacement in patterns.items():
        text = re.sub(pattern, replacement, text)
    return text
