"""Panoramas from a trained model, as a whole ring or by plain MultiDiffusion on wrapped windows: what evaluation sees.

Kept apart from ``engine.sampling`` on purpose, so that a model is judged without the machinery that will use it.
"""

from collections.abc import Sequence

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from engine.models.circular import circular_width

_STRIDE, _WRAP = 4, 4  # latent columns
_RESCALE = 0.5  # Lin et al. 2024, section 3.4: guidance without overexposure


class PanoramaSampler:
    """Draws panoramas of a model's native size: in one piece on convolutions that go round, or in square *windows*."""

    def __init__(self, pipeline: StableDiffusionPipeline, guidance: float, steps: int, windows: bool = False) -> None:
        self.pipeline, self._guidance, self._steps, self._windows = pipeline, guidance, steps, windows
        self._side = pipeline.unet.config.sample_size

    @torch.no_grad()
    def sample(self, prompts: Sequence[str], seed: int) -> Tensor:
        """Decoded picture values in [-1, 1], [len(prompts), 3, height, 2 * height]; equal seeds give equal pictures."""
        unet, scheduler = self.pipeline.unet, self.pipeline.scheduler
        generator = torch.Generator().manual_seed(seed)
        shape = len(prompts), unet.config.in_channels, self._side, 2 * self._side
        x = torch.randn(shape, generator=generator).to(unet.device)
        condition = torch.cat([self._embed([""] * len(prompts)), self._embed(prompts)])
        velocity = self._in_windows if self._windows else self._round
        scheduler.set_timesteps(self._steps)
        for timestep in scheduler.timesteps:
            x = scheduler.step(velocity(x, timestep, condition), timestep, x).prev_sample
        return self._decode(x)

    def _round(self, x: Tensor, timestep: Tensor, condition: Tensor) -> Tensor:
        with circular_width(self.pipeline.unet):
            return self._guided(self.pipeline.unet(x.repeat(2, 1, 1, 1), timestep, condition).sample)

    def _in_windows(self, x: Tensor, timestep: Tensor, condition: Tensor) -> Tensor:
        starts = torch.arange(0, x.shape[3], _STRIDE, device=x.device)
        index = (starts[:, None] + torch.arange(self._side, device=x.device)) % x.shape[3]  # [windows, side]
        windows = x[..., index].permute(0, 3, 1, 2, 4).flatten(0, 1)  # [prompts * windows, channels, side, side]
        each = condition.repeat_interleave(len(starts), 0)
        v = self._guided(self.pipeline.unet(windows.repeat(2, 1, 1, 1), timestep, each).sample)
        v = v.unflatten(0, (len(x), len(starts))).permute(0, 2, 3, 1, 4)
        merged = torch.zeros_like(x).index_add(3, index.flatten(), v.flatten(3).to(x.dtype))
        return merged * (_STRIDE / self._side)

    def _embed(self, prompts: Sequence[str]) -> Tensor:
        tokenizer, encoder = self.pipeline.tokenizer, self.pipeline.text_encoder
        tokens = tokenizer(
            list(prompts),
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )
        return encoder(tokens.input_ids.to(encoder.device)).last_hidden_state

    def _guided(self, both: Tensor) -> Tensor:
        free, conditioned = both.chunk(2)
        v = free + self._guidance * (conditioned - free)
        spread = conditioned.std((1, 2, 3), keepdim=True) / v.std((1, 2, 3), keepdim=True)
        return v * (_RESCALE * spread + 1 - _RESCALE)

    def _decode(self, latents: Tensor) -> Tensor:
        vae = self.pipeline.vae
        wrapped = torch.cat([latents[..., -_WRAP:], latents, latents[..., :_WRAP]], -1) / vae.config.scaling_factor
        edge = _WRAP * self.pipeline.vae_scale_factor
        decoded = torch.cat([vae.decode(one[None]).sample[..., edge:-edge] for one in wrapped])
        return decoded.clamp(-1, 1)
