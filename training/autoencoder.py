"""The autoencoder: a computed encoder (see `transform`) and a decoder to be trained (see `decoder`)."""

import random
from pathlib import Path

import torch
from diffusers import AutoencoderTiny

from .colour import to_opponent
from .dataset import Panoramas
from .settings import Settings
from .transform import BlockTransform

_FITTED_TO = 300  # panoramas
HEADROOM = 4.0  # the decoder takes the hyperbolic tangent of a third of its input, so latents come divided by this


def fit_transform(folder: Path, panoramas: Panoramas, settings: Settings) -> BlockTransform:
    """Compute the encoder's transform into *folder*, or load it from there."""
    file = folder / "transform.safetensors"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        chosen = random.Random(settings.seed).sample(range(len(panoramas)), min(_FITTED_TO, len(panoramas)))
        codes = to_opponent(torch.stack([panoramas[i] for i in chosen]))
        BlockTransform.fit(codes, settings.transform_channels, settings.latent_channels).save(file)
    return BlockTransform.load(file)


def new_autoencoder(transform: BlockTransform, settings: Settings) -> AutoencoderTiny:
    """An autoencoder of opponent colours whose encoder computes *transform* and whose decoder knows nothing yet.

    Of diffusers' autoencoders this is the one without normalisation: what it paints in one place does not depend on the
    rest of the picture, so a window decodes like the panorama that it belongs to, and on a CPU it is the fastest.
    """
    levels = len(settings.decoder_blocks)
    autoencoder = AutoencoderTiny(
        encoder_block_out_channels=(max(settings.transform_channels),) * levels,
        num_encoder_blocks=(0,) * levels,
        decoder_block_out_channels=(settings.decoder_channels,) * levels,
        num_decoder_blocks=settings.decoder_blocks,
        latent_channels=settings.latent_channels,
        scaling_factor=HEADROOM,
    )
    transform.install(autoencoder.encoder, 1 / HEADROOM)
    return autoencoder
