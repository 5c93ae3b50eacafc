"""Stable Diffusion 3 and 3.5: a flow-matching transformer with two CLIP text encoders and, if it is there, T5."""

import torch
from diffusers import StableDiffusion3Pipeline
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
    default_guidance = 7.0

    @property
    def largest_window(self) -> int:
        return self._network.config.pos_embed_max_size * self.patch

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
        text, pooled = inputs["text"], inputs["pooled"]
        return self._network(x, text, pooled, timestep.expand(len(x))).sample
