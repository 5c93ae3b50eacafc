"""Stable Diffusion XL: two CLIP text encoders, a pooled embedding, and the picture's size as conditions."""

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from .denoiser import Conditioning, Inputs
from .stable_diffusion import StableDiffusion
from .text import encode_clip


class StableDiffusionXL(StableDiffusion):
    """2307.01952. Windows are told that they are whole pictures of the size that the model was trained on."""

    pipeline_class = StableDiffusionXLPipeline
    without = {"feature_extractor": None, "image_encoder": None, "add_watermarker": False}  # noqa: RUF012
    needs = (*StableDiffusion.needs, "text_encoder_2", "tokenizer_2")

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        parts = self._pipeline
        texts = [prompt, negative]
        first, _ = encode_clip(parts.tokenizer, parts.text_encoder, texts, skip_last=True)
        second, pooled = encode_clip(parts.tokenizer_2, parts.text_encoder_2, texts, skip_last=True)
        text = torch.cat([first, second], dim=-1)
        if not negative and parts.config.force_zeros_for_empty_prompt:
            text[1], pooled[1] = 0, 0
        size = self.native_height
        sizes = text.new_tensor([[size, size, 0, 0, size, size]])  # original size, crop corner, target size

        def inputs(row: slice) -> Inputs:
            return {"text": text[row], "pooled": pooled[row], "sizes": sizes}

        return self._guided(inputs(slice(0, 1)), inputs(slice(1, 2)), guidance)

    def _call_network(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        added = {"text_embeds": inputs["pooled"], "time_ids": inputs["sizes"]}
        scale = inputs.get("guidance")
        control = self._steered(x, timestep, inputs, added_cond_kwargs=added)
        text = inputs["text"]
        return self._network(x, timestep, text, timestep_cond=scale, added_cond_kwargs=added, **control).sample
