"""Algorithm 1 of SyncDiffusion (arXiv 2306.05178), written down as it is published, to compare with.

Diffusers' own parts, windows one at a time, the anchor's features again for each of them, the anchor's own gradient
computed as well and thrown away. Nothing here is clever, and nothing should be.
"""

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from torch import Tensor

from engine.light.transfer import Transfer
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.sampling.windows import Windows


class Algorithm1:
    """The published loop around the weights in a Stable Diffusion folder."""

    def __init__(
        self, folder: str, transfer: Transfer, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        without = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        self._pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=dtype, **without).to(device)
        self._lpips = PerceptualDistance()._lpips.to(device, dtype, memory_format=torch.contiguous_format)
        self._transfer = transfer  # what the model's picture values mean
        self._device = device
        for part in (self._pipeline.unet, self._pipeline.vae, self._pipeline.text_encoder):
            part.requires_grad_(False)

    def run(
        self, prompt: str, noise: Tensor, windows: Windows, steps: int, guidance: float, weight: float, decay: float
    ) -> Tensor:
        """Latents ``[1, C, h, W]``, every step synchronized."""
        scheduler = DDIMScheduler.from_config(self._pipeline.scheduler.config, clip_sample=False)
        scheduler.set_timesteps(steps, device=self._device)
        positive, negative = self._pipeline.encode_prompt(prompt, self._device, 1, True)
        text = torch.cat([negative, positive])
        latents = noise.to(self._device)

        def predict(view: Tensor, timestep: Tensor) -> Tensor:
            both = self._pipeline.unet(torch.cat([view, view]), timestep, text).sample
            without, with_prompt = both.chunk(2)
            return without + guidance * (with_prompt - without)

        def clean_picture(view: Tensor, timestep: Tensor) -> Tensor:
            return self._decode(scheduler.step(predict(view, timestep), timestep, view).pred_original_sample)

        for index, timestep in enumerate(scheduler.timesteps):
            views = [latents[..., columns] for columns in windows.columns]
            with torch.no_grad():
                anchor = clean_picture(views[windows.middle], timestep)
            value, count = torch.zeros_like(latents), torch.zeros_like(latents)
            for number, columns in enumerate(windows.columns):
                view = views[number].detach().requires_grad_()
                loss = self._lpips(clean_picture(view, timestep) * 2 - 1, anchor * 2 - 1).sum()
                gradient = torch.autograd.grad(loss, view)[0]
                view = view.detach()
                if number != windows.middle:
                    view = view - weight * decay**index * gradient
                with torch.no_grad():
                    stepped = scheduler.step(predict(view, timestep), timestep, view).prev_sample
                value[..., columns] += stepped
                count[..., columns] += 1
            latents = value / count
        return latents

    def _decode(self, latents: Tensor) -> Tensor:
        vae = self._pipeline.vae
        shift = vae.config.shift_factor or 0.0
        return self._transfer.to_display(vae.decode(latents / vae.config.scaling_factor + shift).sample)
