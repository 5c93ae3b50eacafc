"""Algorithm 1 of SyncDiffusion (arXiv 2306.05178), written down as it is published, to compare with.

Diffusers' own parts, windows one at a time, the anchor's features again for each of them, the anchor's own gradient
computed as well and thrown away. Nothing here is clever, and nothing should be. Networks have the weights' precision;
latents and noise schedule are float64, so that two who sum the same in another order have the same in the end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from torch import Tensor

from engine.light.transfer import Transfer
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.sampling.windows import Windows


@dataclass(frozen=True)
class Calls:
    """What is computed with for one prompt. predict: a noisy view ``[1, C, h, w]`` and its timestep to what the network
    says; show: clean latents to their picture ``[1, 3, H, W]`` in [0, 1]."""

    scheduler: DDIMScheduler
    predict: Callable[[Tensor, Tensor], Tensor]
    show: Callable[[Tensor], Tensor]

    def clean(self, view: Tensor, timestep: Tensor) -> Tensor:
        return self.scheduler.step(self.predict(view, timestep), timestep, view).pred_original_sample


class Algorithm1:
    """The published loop around the weights in a Stable Diffusion folder."""

    def __init__(
        self, folder: str, transfer: Transfer, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        without = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        self._pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=dtype, **without).to(device)
        self.lpips = PerceptualDistance()._lpips.to(device, dtype, memory_format=torch.contiguous_format)
        self.schedule = self._pipeline.scheduler.config | {"clip_sample": False}
        self._transfer = transfer  # what the model's picture values mean
        self.device, self._dtype = device, dtype
        for part in (self._pipeline.unet, self._pipeline.vae, self._pipeline.text_encoder):
            part.requires_grad_(False)

    def calls(self, prompt: str, steps: int, guidance: float) -> Calls:
        scheduler = in_double(DDIMScheduler.from_config(self.schedule))
        scheduler.set_timesteps(steps, device=self.device)
        positive, negative = self._pipeline.encode_prompt(prompt, self.device, 1, True)
        text, vae = torch.cat([negative, positive]), self._pipeline.vae

        def predict(view: Tensor, timestep: Tensor) -> Tensor:
            both = self._pipeline.unet(torch.cat([view, view]).to(self._dtype), timestep, text).sample.double()
            without, with_prompt = both.chunk(2)
            return without + guidance * (with_prompt - without)

        def show(latents: Tensor) -> Tensor:
            scaled = latents / vae.config.scaling_factor + (vae.config.shift_factor or 0.0)
            return self._transfer.to_display(vae.decode(scaled.to(self._dtype)).sample)

        return Calls(scheduler, predict, show)

    def run(self, calls: Calls, noise: Tensor, windows: Windows, weight: float, decay: float) -> Tensor:
        """Latents ``[1, C, h, W]``, every step synchronized."""
        latents = noise.to(self.device, torch.float64)
        for index, timestep in enumerate(calls.scheduler.timesteps):
            views = [latents[..., columns] for columns in windows.columns]
            with torch.no_grad():
                anchor = calls.show(calls.clean(views[windows.middle], timestep))
            value, count = torch.zeros_like(latents), torch.zeros_like(latents)
            for number, columns in enumerate(windows.columns):
                view = views[number].detach().requires_grad_()
                picture = calls.show(calls.clean(view, timestep))
                gradient = torch.autograd.grad(self.lpips(picture * 2 - 1, anchor * 2 - 1).sum(), view)[0]
                view = view.detach()
                if number != windows.middle:
                    view = view - weight * decay**index * gradient
                with torch.no_grad():
                    stepped = calls.scheduler.step(calls.predict(view, timestep), timestep, view).prev_sample
                value[..., columns] += stepped
                count[..., columns] += 1
            latents = value / count
        return latents


def in_double(scheduler: DDIMScheduler) -> DDIMScheduler:
    """In float32 ``alpha**2 + sigma**2`` is 1 to 1e-8 only."""
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    scheduler.final_alpha_cumprod = scheduler.final_alpha_cumprod.double()
    return scheduler
