"""Tiny random flow-matching models, in diffusers layout."""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from tiny_text import TEXT_WIDTH, clip_config, clip_tokenizer, t5
from transformers import CLIPTextModel, CLIPTextModelWithProjection

NAMES = ("sd3", "sd3-without-t5", "flux-dev", "flux-schnell")


def make_flow_model(name: str, folder: Path) -> Path:
    """Save one of :data:`NAMES` to *folder* and return it."""
    torch.manual_seed(0)
    tokenizer, long = clip_tokenizer(), t5()
    config = clip_config(tokenizer)
    vae = AutoencoderKL(
        latent_channels=4,
        block_out_channels=(4, 4, 8, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        scaling_factor=1.5,
        shift_factor=0.06,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    shared = {"vae": vae, "tokenizer": tokenizer}
    if name.startswith("sd3"):
        transformer = SD3Transformer2DModel(
            sample_size=16,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=2,
            caption_projection_dim=16,
            joint_attention_dim=2 * TEXT_WIDTH,
            pooled_projection_dim=2 * TEXT_WIDTH,
            pos_embed_max_size=12,
        )
        with_t5 = name == "sd3"
        StableDiffusion3Pipeline(
            **shared,
            transformer=transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
            text_encoder=CLIPTextModelWithProjection(config),
            text_encoder_2=CLIPTextModelWithProjection(config),
            tokenizer_2=tokenizer,
            text_encoder_3=long["encoder"] if with_t5 else None,
            tokenizer_3=long["tokenizer"] if with_t5 else None,
        ).save_pretrained(folder)
        return folder
    dev = name == "flux-dev"
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=2 * TEXT_WIDTH,
        pooled_projection_dim=TEXT_WIDTH,
        guidance_embeds=dev,
        axes_dims_rope=(4, 4, 8),
    )
    FluxPipeline(
        **shared,
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0 if dev else 1.0, use_dynamic_shifting=dev),
        text_encoder=CLIPTextModel(config),
        text_encoder_2=long["encoder"],
        tokenizer_2=long["tokenizer"],
    ).save_pretrained(folder)
    return folder
