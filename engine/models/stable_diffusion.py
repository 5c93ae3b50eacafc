"""Stable Diffusion 1.x and 2.x: one CLIP text encoder, whose last hidden state the UNet attends to."""

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from .denoiser import Conditioning, Inputs
from .latent_diffusion import LatentDiffusion


class StableDiffusion(LatentDiffusion):
    """2112.10752, epsilon or v-prediction."""

    pipeline_class = StableDiffusionPipeline
    without = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}  # noqa: RUF012

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        encoder = self._pipeline.text_encoder
        tokens = self._tokens(self._pipeline.tokenizer, [prompt, negative])
        mask = tokens.attention_mask if getattr(encoder.config, "use_attention_mask", None) else None
        states = encoder(tokens.input_ids, attention_mask=mask).last_hidden_state
        return Conditioning({"text": states[:1]}, {"text": states[1:]}, guidance)

    def _call_unet(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        return self._unet(x, timestep, inputs["text"]).sample
