"""Stable Diffusion 1.x and 2.x: one CLIP text encoder, whose last hidden state the UNet attends to."""

from typing import Any, ClassVar

import torch
from diffusers import ControlNetModel, StableDiffusionPipeline
from torch import Tensor

from .control import residuals
from .denoiser import Conditioning, Inputs
from .latent_diffusion import LatentDiffusion
from .text import encode_clip


class StableDiffusion(LatentDiffusion):
    """2112.10752, epsilon or v-prediction; also when distilled to a few steps, as Turbo or LCM (2310.04378)."""

    pipeline_class: ClassVar[Any] = StableDiffusionPipeline
    without: ClassVar[dict[str, Any]] = {
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }
    control_class: ClassVar[Any] = ControlNetModel
    needs: ClassVar[tuple[str, ...]] = ("unet", "vae", "scheduler", "text_encoder", "tokenizer")

    def _prepare(self) -> None:
        super()._prepare()
        if self._network.config.time_cond_proj_dim is not None:
            self.guidance_kind = "embedded"
            self.default_guidance = 8.5  # as in 2310.04378 and diffusers' pipeline

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        parts = self._pipeline
        states, _ = encode_clip(parts.tokenizer, parts.text_encoder, [prompt, negative], skip_last=False)
        return self._guided({"text": states[:1]}, {"text": states[1:]}, guidance)

    def _guided(self, positive: Inputs, negative: Inputs, guidance: float) -> Conditioning:
        """By calling the UNet twice, or by telling it the scale if it was distilled to read that."""
        if self.guidance_kind == "classifier-free":
            return Conditioning(positive, negative, guidance)
        width = self._network.config.time_cond_proj_dim
        scale = self._pipeline.get_guidance_scale_embedding(torch.tensor([guidance - 1]), embedding_dim=width)
        return Conditioning(positive | {"guidance": scale.to(self.device)}, {}, 1.0)

    def _call_network(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        scale, control = inputs.get("guidance"), self._steered(x, timestep, inputs)
        return self._network(x, timestep, inputs["text"], timestep_cond=scale, **control).sample

    def _steered(self, x: Tensor, timestep: Tensor, inputs: Inputs, **more: Any) -> dict[str, Any]:
        """What a ControlNet adds to the UNet; *more*: what the family tells its networks besides."""
        return residuals(self.control, x, timestep, inputs["text"], inputs, **more) if self.control else {}
