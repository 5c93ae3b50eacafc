"""What all latent models have in common: an autoencoder, whose decoder makes pictures of latents."""

from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from torch import Tensor

from .block_edges import close_edges
from .circular import circular_width
from .fine_decoder import SCALE, FineDecoder
from .folder import ModelFolder
from .model import Model
from .tiled_decode import can_tile, tiled_decode
from .weave import strew_weave


class LatentDiffusion(Model):
    """Diffusion in the latent space of an autoencoder (2112.10752)."""

    autoencoder_part: ClassVar[str] = "vae"

    def __init__(self, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(folder, device)
        named = folder.card.get("fine_decoder")
        self._fine = FineDecoder.load(folder.path / named).to(device) if named else None

    def move(self, device: torch.device) -> None:
        super().move(device)
        if self._fine:
            self._fine.to(device)

    def _prepare(self) -> None:
        self._vae = getattr(self._pipeline, self.autoencoder_part).to(memory_format=torch.channels_last)
        self.factor = 2 ** (len(self._vae.config.block_out_channels) - 1)
        # Latents have no fixed range: neither clipped nor thresholded, also where a configuration leaves that unset.
        unclipped = {"clip_sample": False, "thresholding": False}
        unset = [name for name in self.scheduler_config.get("_use_default_values", ()) if name not in unclipped]
        self.scheduler_config |= unclipped | {"_use_default_values": unset}

    @property
    def _shift(self) -> float:
        return self._vae.config.get("shift_factor") or 0.0

    @property
    def decoder_channels(self) -> int:
        return self._vae.config.block_out_channels[min(1, len(self._vae.config.block_out_channels) - 1)]

    @property
    def _differentiated(self) -> tuple[Any, ...]:
        return (self._network, self._vae)

    @property
    def decodes_in_tiles(self) -> bool:
        return can_tile(self._vae.decoder)

    def decode(self, latents: Tensor, wraps: bool, tiles: bool = False) -> Tensor:
        decoder = self._vae.decoder
        with (
            circular_width(decoder) if wraps else nullcontext(),
            tiled_decode(decoder, wraps) if tiles else nullcontext(),
        ):
            return self._vae.decode(latents / self._vae.config.scaling_factor + self._shift).sample

    @property
    def paint_scale(self) -> int:
        return SCALE if self._fine else 1

    @torch.no_grad()
    def paint(self, latents: Tensor, wraps: bool, tiles: bool = False) -> Tensor:
        if not self._fine:
            return self.decode(latents, wraps, tiles)
        with circular_width(self._fine) if wraps else nullcontext():
            return self._fine(latents)

    def finish(self, picture: Tensor, wraps: bool) -> Tensor:
        if not self._fine:
            return picture
        period = self.factor * SCALE
        return strew_weave(close_edges(picture, period, wraps), period, wraps)

    @torch.no_grad()
    def encode(self, picture: Tensor, wraps: bool) -> Tensor:
        with circular_width(self._vae.encoder) if wraps else nullcontext():
            encoded = self._vae.encode(picture)
        latents = encoded.latent_dist.mode() if "latent_dist" in encoded else encoded.latents  # VQ: not yet quantized
        return (latents - self._shift) * self._vae.config.scaling_factor
