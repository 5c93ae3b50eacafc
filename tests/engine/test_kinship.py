"""LoRAs and ControlNets of another family are refused before anything is loaded, at every door."""

import json
import struct
from pathlib import Path

import pytest

from engine.errors import BadModel
from engine.models.kinship import check_kinship, family

TO_K = "attn2_to_k.lora_down.weight"
LORAS = {
    "sd1-kohya": ({f"lora_unet_input_blocks_4_1_transformer_blocks_0_{TO_K}": [4, 768]}, "Stable Diffusion 1.x"),
    "sd2-diffusers": ({"unet.mid_block.attn2.to_k.lora_A.weight": [4, 1024]}, "Stable Diffusion 2.x"),
    "sdxl-kohya": ({f"lora_unet_down_blocks_1_attentions_0_{TO_K}": [4, 2048]}, "Stable Diffusion XL"),
    "sdxl-old": ({"unet.up_blocks.attn2.processor.to_k_lora.down.weight": [4, 2048]}, "Stable Diffusion XL"),
    "sd3": ({"lora_unet_joint_blocks_0_context_block_attn_qkv.lora_down.weight": [4, 9]}, "Stable Diffusion 3.x"),
    "flux-kohya": ({"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": [4, 9]}, "Flux"),
    "flux": ({"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": [4, 9]}, "Flux"),
    "text-only": ({"lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": [4, 768]}, None),
}
MODELS = {
    "Stable Diffusion 1.x": {"unet/config.json": {"cross_attention_dim": 768}},
    "Stable Diffusion 2.x": {"unet/config.json": {"cross_attention_dim": 1024}},
    "Stable Diffusion XL": {"unet/config.json": {"cross_attention_dim": 2048}},
    "Stable Diffusion 3.x": {"model_index.json": {"_class_name": "StableDiffusion3Pipeline"}},
    "Flux": {"model_index.json": {"_class_name": "FluxPipeline"}},
}

CONTROLS = {
    "Stable Diffusion 1.x": {"cross_attention_dim": 768},
    "Stable Diffusion XL": {"cross_attention_dim": 2048},
    "Stable Diffusion 3.x": {"_class_name": "SD3ControlNetModel"},
    "Flux": {"_class_name": "FluxControlNetModel"},
}


def weights(file: Path, shapes: dict[str, list[int]]) -> Path:
    """A safetensors file with a header alone."""
    header = json.dumps(
        {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    )
    file.write_bytes(struct.pack("<Q", len(header)) + header.encode())
    return file


def folder(path: Path, files: dict[str, dict]) -> Path:
    for name, values in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(json.dumps(values))
    return path


def test_every_pair_of_families(tmp_path):
    models = {name: folder(tmp_path / name, files) for name, files in MODELS.items()}
    for name, (shapes, made_for) in LORAS.items():
        lora = weights(tmp_path / f"{name}.safetensors", shapes)
        assert family(lora) == made_for
        for own, model in models.items():
            if made_for in (None, own):
                check_kinship(str(model), [str(lora)])
            else:
                with pytest.raises(BadModel, match=f"was made for {made_for}; the model is one of {own}"):
                    check_kinship(str(model), [str(lora)])
    for made_for, settings in CONTROLS.items():
        control = folder(tmp_path / f"control for {made_for}", {"config.json": settings})
        for own, model in models.items():
            if own == made_for:
                check_kinship(str(model), control=str(control))
            else:
                with pytest.raises(BadModel, match=f"ControlNet .* was made for {made_for}"):
                    check_kinship(str(model), control=str(control))


def test_checkpoints_in_one_file_tell_too(tmp_path):
    attention = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
    model = weights(tmp_path / "checkpoint.safetensors", {attention: [640, 2048]})
    lora = weights(tmp_path / "lora.safetensors", LORAS["sd1-kohya"][0])
    with pytest.raises(BadModel, match=r"1\.x; the model is one of Stable Diffusion XL"):
        check_kinship(str(model), [str(lora)])


def test_what_is_damaged_or_missing_is_left_to_loading(tmp_path):
    (tmp_path / "short.safetensors").write_bytes(b"abc")
    (tmp_path / "huge.safetensors").write_bytes(b"\xff" * 16)
    (tmp_path / "config.json").write_text("no JSON")
    for name in ("short.safetensors", "huge.safetensors", "config.json", "none.safetensors", ""):
        assert family(tmp_path / name) is None


def test_command_line_refuses_before_it_loads(engine, nano_path, tmp_path):
    """The LoRA's weights are missing altogether, so loading it would say something else."""
    lora = weights(tmp_path / "xl.safetensors", LORAS["sdxl-kohya"][0])
    control = folder(tmp_path / "control", {"config.json": {"cross_attention_dim": 2048}})
    out = tmp_path / "x.exr"
    for more in (("--lora", lora), ("--control", control, "--control-image", tmp_path / "depth.png")):
        done = engine("generate", "a storm", "--model", nano_path, *more, "--out", out)
        assert done.returncode == 3 and "was made for Stable Diffusion XL" in done.stderr
    assert not out.exists()
