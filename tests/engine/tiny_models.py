"""Tiny random text-to-image models with a UNet, in diffusers layout, made in a tenth of a second each."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    TCDScheduler,
    UNet2DConditionModel,
)
from tiny_text import TEXT_WIDTH, clip_config, clip_tokenizer
from transformers import CLIPTextModel, CLIPTextModelWithProjection


@dataclass(frozen=True)
class Family:
    """What tells a family's UNet and schedule apart."""

    prediction: str
    unet: dict[str, Any]
    scheduler: type = DDIMScheduler
    schedule: dict[str, Any] = field(default_factory=dict)


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
    "lcm": Family("epsilon", {"attention_head_dim": 4, "time_cond_proj_dim": 8}, LCMScheduler),
    "hyper": Family("epsilon", {"attention_head_dim": 4}, TCDScheduler),
    "turbo": Family("epsilon", {"attention_head_dim": 4}, EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
}


def make_model(name: str, folder: Path) -> Path:
    """Save a model of the family *name* to *folder* and return it."""
    torch.manual_seed(0)
    family, tokenizer = FAMILIES[name], clip_tokenizer()
    text = clip_config(tokenizer)
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
    schedule = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
    if family.scheduler is DDIMScheduler:
        schedule |= {"clip_sample": False, "set_alpha_to_one": False}
    scheduler = family.scheduler(prediction_type=family.prediction, **schedule | family.schedule)
    parts = {
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "unet": unet,
        "scheduler": scheduler,
    }
    without = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    if name == "sdxl":
        second = {"text_encoder_2": CLIPTextModelWithProjection(text), "tokenizer_2": clip_tokenizer()}
        pipeline = StableDiffusionXLPipeline(**parts, **second, add_watermarker=False)
    elif name == "lcm":
        pipeline = LatentConsistencyModelPipeline(**parts, **without)
    else:
        pipeline = StableDiffusionPipeline(**parts, **without)
    pipeline.save_pretrained(folder)
    return folder
