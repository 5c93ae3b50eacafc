"""Tiny random models of every family that the engine loads, in diffusers layout, made in a tenth of a second each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

TEXT_WIDTH = 16


@dataclass(frozen=True)
class Family:
    """What tells a family's UNet and schedule apart."""

    prediction: str
    unet: dict[str, Any]


FAMILIES = {
    "sd1": Family("epsilon", {"attention_head_dim": 4}),
    "sd2-base": Family("epsilon", {"attention_head_dim": (1, 2), "use_linear_projection": True}),
    "sd2": Family("v_prediction", {"attention_head_dim": (1, 2), "use_linear_projection": True}),
    "sdxl": Family(
        "epsilon",
        {
            "attention_head_dim": (1, 2),
            "use_linear_projection": True,
            "cross_attention_dim": 2 * TEXT_WIDTH,
            "transformer_layers_per_block": (1, 2),
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + TEXT_WIDTH,
        },
    ),
}


def make_model(name: str, folder: Path) -> Path:
    """Save a model of the family *name* to *folder* and return it."""
    torch.manual_seed(0)
    family, tokenizer = FAMILIES[name], _tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=32,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    text_encoder = CLIPTextModel(text)
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        **{"cross_attention_dim": TEXT_WIDTH} | family.unet,
    )
    vae = AutoencoderKL(
        block_out_channels=(4, 4, 8, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=family.prediction,
    )
    parts = {
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "unet": unet,
        "scheduler": scheduler,
    }
    if name == "sdxl":
        second = {"text_encoder_2": CLIPTextModelWithProjection(text), "tokenizer_2": _tokenizer()}
        pipeline = StableDiffusionXLPipeline(**parts, **second, add_watermarker=False)
    else:
        without = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        pipeline = StableDiffusionPipeline(**parts, **without)
    pipeline.save_pretrained(folder)
    return folder


def _tokenizer() -> CLIPTokenizer:
    """Every printable byte a token, and nothing merged."""
    letters = [chr(code) for code in range(33, 127)] + [chr(code) for code in range(161, 430)]
    tokens = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[], model_max_length=77)
