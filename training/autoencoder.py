"""The autoencoder: a computed encoder (see `transform`) and a decoder to be trained (see `decoder`)."""

import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from .colour import to_opponent
from .dataset import Panoramas
from .settings import Settings
from .transform import BlockTransform

_FITTED_TO = 300  # panoramas


def fit_transform(folder: Path, panoramas: Panoramas, settings: Settings) -> BlockTransform:
    """Compute the encoder's transform into *folder*, or load it from there."""
    file = folder / "transform.safetensors"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        chosen = random.Random(settings.seed).sample(range(len(panoramas)), min(_FITTED_TO, len(panoramas)))
        codes = to_opponent(torch.stack([panoramas[i] for i in chosen]))
        BlockTransform.fit(codes, settings.autoencoder_channels[:-1], settings.latent_channels).save(file)
    return BlockTransform.load(file)


def new_autoencoder(transform: BlockTransform, settings: Settings) -> AutoencoderKL:
    """An autoencoder of opponent colours whose encoder computes *transform* and whose decoder knows nothing yet."""
    levels = len(settings.autoencoder_channels)
    autoencoder = AutoencoderKL(
        block_out_channels=settings.autoencoder_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        latent_channels=settings.latent_channels,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=settings.height,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        force_upcast=False,
        scaling_factor=1.0,
    )
    transform.install(autoencoder.encoder)
    return autoencoder
