"""Stable Diffusion XL: two CLIP text encoders, a pooled embedding, and the picture's size as conditions."""

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from .denoiser import Conditioning, Inputs
from .latent_diffusion import LatentDiffusion


class StableDiffusionXL(LatentDiffusion):
    """2307.01952. Windows are told that they are whole pictures of the size that the model was trained on."""

    pipeline_class = StableDiffusionXLPipeline
    without = {"feature_extractor": None, "image_encoder": None, "add_watermarker": False}  # noqa: RUF012

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        texts = [prompt, negative]
        first = self._pipeline.text_encoder(
            self._tokens(self._pipeline.tokenizer, texts).input_ids, output_hidden_states=True
        )
        second = self._pipeline.text_encoder_2(
            self._tokens(self._pipeline.tokenizer_2, texts).input_ids, output_hidden_states=True
        )
        text = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        pooled = second.text_embeds
        if not negative and self._pipeline.config.force_zeros_for_empty_prompt:
            text[1], pooled[1] = 0, 0
        size = self.native_height
        sizes = text.new_tensor([[size, size, 0, 0, size, size]])  # original size, crop corner, target size

        def inputs(row: slice) -> Inputs:
            return {"text": text[row], "pooled": pooled[row], "sizes": sizes}

        return Conditioning(inputs(slice(0, 1)), inputs(slice(1, 2)), guidance)

    def _call_unet(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        added = {"text_embeds": inputs["pooled"], "time_ids": inputs["sizes"]}
        return self._unet(x, timestep, inputs["text"], added_cond_kwargs=added).sample
