"""Flux: a flow-matching transformer on packed latents, with T5 for the words and CLIP for the whole."""

from typing import Any

import numpy as np
import torch
from diffusers import FluxControlNetModel, FluxPipeline
from torch import Tensor

from .denoiser import Conditioning, Inputs
from .flow import FlowTransformer
from .text import beyond, encode_clip, encode_t5

T5_TOKENS = 512


class Flux(FlowTransformer):
    """Guidance is distilled into the network, which is told the scale (dev) or has it fixed (schnell)."""

    pipeline_class = FluxPipeline
    control_class = FluxControlNetModel
    without = {"feature_extractor": None, "image_encoder": None}  # noqa: RUF012
    needs = ("transformer", "vae", "scheduler", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")

    def _prepare(self) -> None:
        super()._prepare()
        self.channels //= self.patch**2
        if self._network.config.guidance_embeds:
            self.guidance_kind, self.default_guidance = "embedded", 3.5
        else:
            self.guidance_kind, self.default_guidance, self.default_steps = "none", 1.0, 4

    @property
    def trained_size(self) -> int:
        return self._pipeline.default_sample_size

    def _spacing(self, steps: int, tokens: int) -> dict[str, Any]:
        return super()._spacing(steps, tokens) | {"sigmas": np.linspace(1, 1 / steps, steps)}

    def overflow(self, text: str) -> str:
        return beyond(self._pipeline.tokenizer_2, text, T5_TOKENS)

    @torch.no_grad()
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        parts = self._pipeline
        _, pooled = encode_clip(parts.tokenizer, parts.text_encoder, [prompt], skip_last=False)
        text = encode_t5(parts.tokenizer_2, parts.text_encoder_2, [prompt], T5_TOKENS)
        return Conditioning({"text": text, "pooled": pooled, "guidance": text.new_tensor([guidance])}, {}, 1.0)

    def _call_network(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        count, _, height, width = x.shape
        rows, columns = height // self.patch, width // self.patch
        positions = torch.cartesian_prod(
            torch.zeros(1), torch.arange(rows, dtype=torch.float), torch.arange(columns, dtype=torch.float)
        )
        tokens = self._pack(x)
        told = {
            "encoder_hidden_states": inputs["text"],
            "pooled_projections": inputs["pooled"],
            "timestep": timestep.expand(count) / 1000,
            "img_ids": positions.to(x),
            "txt_ids": x.new_zeros(inputs["text"].shape[1], 3),
        }
        control = self._steered(tokens, told, inputs) if "control" in inputs else {}
        guidance = inputs["guidance"] if self.guidance_kind == "embedded" else None
        output = self._network(tokens, **told, guidance=guidance, **control).sample
        grid = output.transpose(1, 2).reshape(count, -1, rows, columns)
        return torch.nn.functional.pixel_shuffle(grid, self.patch)

    def _steered(self, tokens: Tensor, told: dict[str, Tensor], inputs: Inputs) -> dict[str, Any]:
        guidance = inputs["guidance"] if self.control.config.guidance_embeds else None
        read = self._pack(inputs["control"])
        blocks, single = self._residuals(inputs, read, hidden_states=tokens, **told, guidance=guidance)
        return {"controlnet_block_samples": blocks, "controlnet_single_block_samples": single}

    def _pack(self, latents: Tensor) -> Tensor:
        """Latents ``[k, C, h, w]`` to tokens, a patch each."""
        return torch.nn.functional.pixel_unshuffle(latents, self.patch).flatten(2).transpose(1, 2)
