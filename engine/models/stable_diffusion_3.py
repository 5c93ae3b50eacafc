"""Stable Diffusion 3 and 3.5: a flow-matching transformer with two CLIP text encoders and, if it is there, T5."""

from typing import Any

import torch
from diffusers import SD3ControlNetModel, StableDiffusion3Pipeline
from torch import Tensor

from .denoiser import Conditioning, Inputs
from .flow import FlowTransformer
from .text import encode_clip, encode_t5

T5_TOKENS = 256


class StableDiffusion3(FlowTransformer):
    """2403.03206. Without T5, which is larger than all the rest, its part of the text is zeros, as in training."""

    pipeline_class = StableDiffusion3Pipeline
    without = {"feature_extractor": None, "image_encoder": None}  # noqa: RUF012
    needs = ("transformer", "vae", "scheduler", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")
    optional = ("text_encoder_3", "tokenizer_3")
    control_class = SD3ControlNetModel
    default_guidance = 7.0

    @property
    def largest_window(self) -> int:
        parts = (self._network, self.control) if self.control else (self._network,)
        return min(part.pos_embed.pos_embed_max_size for part in parts) * self.patch

    def follow(self, folder: str) -> None:
        super().follow(folder)
        if self.control.pos_embed is None:  # those for SD 3.5 Large count on the model's
            self.control.pos_embed = self._network.pos_embed

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        parts = self._pipeline
        texts = [prompt, negative]
        first, first_pooled = encode_clip(parts.tokenizer, parts.text_encoder, texts, skip_last=True)
        second, second_pooled = encode_clip(parts.tokenizer_2, parts.text_encoder_2, texts, skip_last=True)
        states = torch.cat([first, second], dim=-1)
        pooled = torch.cat([first_pooled, second_pooled], dim=-1)
        width = self._network.config.joint_attention_dim
        if parts.text_encoder_3 is None:
            t5 = states.new_zeros(len(texts), T5_TOKENS, width)
        else:
            t5 = encode_t5(parts.tokenizer_3, parts.text_encoder_3, texts, T5_TOKENS)
        text = torch.cat([torch.nn.functional.pad(states, (0, width - states.shape[-1])), t5], dim=1)
        positive, negative_inputs = ({"text": text[k : k + 1], "pooled": pooled[k : k + 1]} for k in (0, 1))
        return Conditioning(positive, negative_inputs, guidance)

    def _call_network(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        text, pooled, at = inputs["text"], inputs["pooled"], timestep.expand(len(x))
        control = self._steered(x, at, inputs) if "control" in inputs else {}
        return self._network(x, text, pooled, at, **control).sample

    def _steered(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> dict[str, Any]:
        text, pooled, config = inputs["text"], inputs["pooled"], self.control.config
        (blocks,) = self._residuals(
            inputs,
            inputs["control"],
            hidden_states=x,
            timestep=timestep,
            encoder_hidden_states=None if config.joint_attention_dim is None else text,
            pooled_projections=torch.zeros_like(pooled) if config.force_zeros_for_pooled_projection else pooled,
        )
        return {"block_controlnet_hidden_states": blocks}

    def _encode_control(self, picture: Tensor) -> Tensor:
        latents = super()._encode_control(picture)
        if not self.control.config.force_zeros_for_pooled_projection:
            return latents
        # Those that were trained without the pooled text were so without the latents' shift, too.
        return latents + self._shift * self._vae.config.scaling_factor
