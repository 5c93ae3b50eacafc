"""Stable Diffusion 1.x and 2.x: a latent denoiser with a CLIP text encoder and classifier-free guidance."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from ..errors import BadModel
from ..light.transfer import Transfer, transfer
from ..sampling.solver import Level
from .circular import circular_width
from .folder import ModelFolder

# Latent pixels per UNet call, before guidance doubles them. A CPU gains nothing from more; a GPU does.
_BATCH_AREA = {"cpu": 8192}
_BATCH_AREA_ACCELERATOR = 65536


@dataclass(frozen=True)
class TextConditioning:
    """Text embeddings ``[n or 1, tokens, D]``, one row a window or one for all. guidance: 1 leaves out *negative*."""

    positive: Tensor
    negative: Tensor
    guidance: float

    def rows(self, which: Tensor) -> tuple[Tensor, Tensor]:
        """The embeddings of the windows *which* ``[k]``."""

        def pick(embedding: Tensor) -> Tensor:
            return embedding.expand(len(which), -1, -1) if len(embedding) == 1 else embedding[which]

        return pick(self.positive), pick(self.negative)


class StableDiffusion:
    """One loaded model: text to conditioning, noise to clean latents, latents to pictures.

    factor: pixels per latent. channels: of the latents. multiple: latent sizes must be multiples of it.
    native_height: pixels, what the model was trained on. transfer: what its picture values mean.
    steps, guidance: what suits it by default.
    """

    def __init__(self, folder: ModelFolder, device: torch.device) -> None:
        """Load *folder* in float32 onto *device*. Raises :class:`BadModel` if its parts do not make a model."""
        try:
            pipeline = StableDiffusionPipeline.from_pretrained(
                folder.path,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
            ).to(device)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever diffusers and transformers raise for a folder that they cannot read
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise BadModel(f"The model in {folder.path} cannot be loaded: {reason}", "Download it again.") from error
        self._tokenizer = pipeline.tokenizer
        self._text_encoder = pipeline.text_encoder.eval().requires_grad_(False)
        self._unet = pipeline.unet.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self._vae = pipeline.vae.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.scheduler_config: dict[str, Any] = dict(pipeline.scheduler.config)
        self.prediction: str = self.scheduler_config.get("prediction_type", "epsilon")
        if self.prediction not in _TO_CLEAN:
            raise BadModel(
                f"The model in {folder.path} predicts '{self.prediction}', which is unknown.",
                f"Known: {', '.join(_TO_CLEAN)}.",
            )
        self.device = device
        self.factor: int = pipeline.vae_scale_factor
        self.channels: int = self._unet.config.in_channels
        self.multiple: int = 2 ** (len(self._unet.config.block_out_channels) - 1)
        self.native_height: int = folder.card.get("native_height", self._unet.config.sample_size * self.factor)
        self.transfer: Transfer = transfer(folder.card.get("transfer", "srgb"))
        self.steps: int = folder.card.get("steps", 50)
        self.guidance: float = folder.card.get("guidance", 7.5)

    @property
    def weight_bytes(self) -> int:
        """Memory that the weights take."""
        parts = (self._text_encoder, self._unet, self._vae)
        return sum(p.numel() * p.element_size() for part in parts for p in part.parameters())

    @property
    def decoder_channels(self) -> int:
        """Widest activation of the decoder at full resolution, which decides the memory of a decode."""
        return self._vae.config.block_out_channels[min(1, len(self._vae.config.block_out_channels) - 1)]

    def overflow(self, text: str) -> str:
        """The end of *text* that the text encoder does not see, empty if it sees all."""
        limit = self._tokenizer.model_max_length - 2  # the start and end tokens
        tokens = self._tokenizer(text, add_special_tokens=False).input_ids
        return self._tokenizer.decode(tokens[limit:]).strip()

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> TextConditioning:
        """Encode one prompt for all windows."""
        tokens = self._tokenizer(
            [prompt, negative],
            padding="max_length",
            max_length=self._tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )
        mask = tokens.attention_mask if getattr(self._text_encoder.config, "use_attention_mask", None) else None
        embeddings = self._text_encoder(tokens.input_ids.to(self.device), attention_mask=mask).last_hidden_state
        return TextConditioning(embeddings[:1], embeddings[1:], guidance)

    def denoiser(self, conditioning: TextConditioning, wraps: bool = False) -> "StableDiffusionDenoiser":
        """What denoises windows; *wraps*: each is a whole ring, on which convolutions go round."""
        return StableDiffusionDenoiser(self._unet, self.prediction, conditioning, wraps)

    def decode(self, latents: Tensor, wraps: bool) -> Tensor:
        """Latents ``[k, C, h, w]`` to picture values ``[k, 3, H, W]`` in about [-1, 1]; *wraps*: as a ring."""
        shift = self._vae.config.shift_factor or 0.0
        with circular_width(self._vae.decoder) if wraps else nullcontext():
            return self._vae.decode(latents / self._vae.config.scaling_factor + shift).sample

    def display(self, latents: Tensor) -> Tensor:
        """Latents of windows ``[k, C, h, w]`` to pictures ``[k, 3, H, W]`` as a viewer sees them; differentiable."""
        return self.transfer.to_display(self.decode(latents, wraps=False))


class StableDiffusionDenoiser:
    """:class:`~engine.sampling.samplers.Denoiser` of a UNet with text conditioning."""

    def __init__(self, unet: Any, prediction: str, conditioning: TextConditioning, wraps: bool) -> None:
        self._unet = unet
        self._wraps = wraps
        self._to_clean = _TO_CLEAN[prediction]
        self._conditioning = conditioning

    def __call__(self, windows: Tensor, level: Level, which: Tensor) -> Tensor:
        area = windows.shape[-1] * windows.shape[-2]
        batch = max(1, _BATCH_AREA.get(windows.device.type, _BATCH_AREA_ACCELERATOR) // area)
        parts = zip(windows.split(batch), which.split(batch), strict=True)
        with circular_width(self._unet) if self._wraps else nullcontext():
            return torch.cat([self._denoise(part, level, indices) for part, indices in parts])

    def _denoise(self, x: Tensor, level: Level, which: Tensor) -> Tensor:
        positive, negative = self._conditioning.rows(which)
        guidance = self._conditioning.guidance
        if guidance == 1:
            output = self._unet(x, level.timestep, positive).sample
        else:
            both = self._unet(torch.cat([x, x]), level.timestep, torch.cat([negative, positive])).sample
            without, with_prompt = both.chunk(2)
            output = without + guidance * (with_prompt - without)
        return self._to_clean(x, output, level)


_TO_CLEAN = {
    "epsilon": lambda x, output, level: (x - level.sigma * output) / level.alpha,
    "v_prediction": lambda x, output, level: level.alpha * x - level.sigma * output,  # 2202.00512, section 4
    "sample": lambda x, output, level: output,
}
