"""Tiny random models without a text side, in diffusers layout."""

from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, LDMPipeline, UNet2DModel, VQModel

NAMES = ("ldm", "ddpm")


def make_unconditional_model(name: str, folder: Path) -> Path:
    """Save ``"ldm"`` (quantized latents) or ``"ddpm"`` (pixels) to *folder* and return it."""
    torch.manual_seed(0)
    unet = UNet2DModel(
        sample_size=16 if name == "ldm" else 128,
        in_channels=3,
        out_channels=3,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "DownBlock2D" if name == "ddpm" else "AttnDownBlock2D"),
        up_block_types=("UpBlock2D" if name == "ddpm" else "AttnUpBlock2D", "UpBlock2D"),
    )
    if name == "ddpm":
        DDPMPipeline(unet, DDPMScheduler()).save_pretrained(folder)
        return folder
    vqvae = VQModel(
        block_out_channels=(4, 4, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        num_vq_embeddings=32,
    )
    LDMPipeline(vqvae, unet, DDIMScheduler(clip_sample=False)).save_pretrained(folder)
    return folder
