"""What all latent text-to-image models have in common: a text side, a UNet, an autoencoder, a noise schedule."""

from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..errors import BadModel
from ..light.transfer import Transfer, transfer
from .circular import circular_width
from .denoiser import TO_CLEAN, Conditioning, GuidedDenoiser, Inputs
from .folder import ModelFolder


class LatentDiffusion(ABC):
    """One loaded model: text to conditioning, noise to clean latents, latents to pictures.

    factor: pixels per latent. channels: of the latents. multiple: latent sizes must be multiples of it.
    native_height: pixels, what the model was trained on. transfer: what its picture values mean.
    scheduler_config: its noise schedule. steps, guidance: what suits it by default.
    """

    pipeline_class: ClassVar[Any]  # of diffusers, which knows how to put the folder's parts together
    without: ClassVar[dict[str, Any]]  # its optional parts that are not loaded

    def __init__(self, folder: ModelFolder, device: torch.device) -> None:
        """Load *folder* in float32 onto *device*. Raises :class:`BadModel` if its parts do not make a model."""
        try:
            pipeline = self.pipeline_class.from_pretrained(
                folder.path, dtype=torch.float32, use_safetensors=True, local_files_only=True, **self.without
            ).to(device)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever diffusers and transformers raise for a folder that they cannot read
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise BadModel(f"The model in {folder.path} cannot be loaded: {reason}", "Download it again.") from error
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval().requires_grad_(False)
        self._pipeline = pipeline
        self._unet = pipeline.unet.to(memory_format=torch.channels_last)
        self._vae = pipeline.vae.to(memory_format=torch.channels_last)
        self.scheduler_config: dict[str, Any] = dict(pipeline.scheduler.config)
        self._prediction: str = self.scheduler_config.get("prediction_type", "epsilon")
        if self._prediction not in TO_CLEAN:
            raise BadModel(
                f"The model in {folder.path} predicts '{self._prediction}', which is unknown.",
                f"Known: {', '.join(TO_CLEAN)}.",
            )
        self.device = device
        self.factor: int = pipeline.vae_scale_factor
        self.channels: int = self._unet.config.in_channels
        self.multiple: int = 2 ** (len(self._unet.config.block_out_channels) - 1)
        self.native_height: int = folder.card.get("native_height", self._unet.config.sample_size * self.factor)
        self.transfer: Transfer = transfer(folder.card.get("transfer", "srgb"))
        self.steps: int = folder.card.get("steps", 50)
        self.guidance: float = folder.card.get("guidance", 7.5)

    @abstractmethod
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        """Encode one prompt for all windows."""

    @abstractmethod
    def _call_unet(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        """The UNet's output for ``x`` ``[k, C, h, w]``, same shape."""

    @property
    def decoder_channels(self) -> int:
        """Widest activation of the decoder at full resolution, which decides the memory of a decode."""
        return self._vae.config.block_out_channels[min(1, len(self._vae.config.block_out_channels) - 1)]

    def overflow(self, text: str) -> str:
        """The end of *text* that the text encoder does not see, empty if it sees all."""
        tokenizer = self._pipeline.tokenizer
        limit = tokenizer.model_max_length - 2  # the start and end tokens
        return tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids[limit:]).strip()

    def denoiser(self, conditioning: Conditioning, wraps: bool = False) -> GuidedDenoiser:
        """What denoises windows; *wraps*: each is a whole ring, on which convolutions go round."""
        return GuidedDenoiser(self._unet, self._call_unet, self._prediction, conditioning, wraps)

    def decode(self, latents: Tensor, wraps: bool) -> Tensor:
        """Latents ``[k, C, h, w]`` to picture values ``[k, 3, H, W]`` in about [-1, 1]; *wraps*: as a ring."""
        shift = self._vae.config.shift_factor or 0.0
        with circular_width(self._vae.decoder) if wraps else nullcontext():
            return self._vae.decode(latents / self._vae.config.scaling_factor + shift).sample

    def display(self, latents: Tensor) -> Tensor:
        """Latents of windows ``[k, C, h, w]`` to pictures ``[k, 3, H, W]`` as a viewer sees them; differentiable."""
        return self.transfer.to_display(self.decode(latents, wraps=False))

    def _tokens(self, tokenizer: Any, texts: list[str]) -> Any:
        return tokenizer(
            texts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
        ).to(self.device)
