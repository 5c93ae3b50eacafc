"""Models without a text side: they paint what they were trained on, in latents or in pixels themselves."""

from diffusers import DDIMPipeline, LDMPipeline
from torch import Tensor

from .denoiser import Conditioning, Inputs
from .latent_diffusion import LatentDiffusion
from .model import Guidance, Model


class Unconditional(Model):
    """A UNet that is given nothing beside x and t."""

    reads_text = False
    guidance_kind: Guidance = "none"
    default_guidance = 1.0

    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        return Conditioning({}, {}, 1.0)

    def _call_network(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        return self._network(x, timestep).sample


class UnconditionalLatent(Unconditional, LatentDiffusion):
    """Latent diffusion without text (2112.10752, section 4.1); the autoencoder may quantize (VQ-GAN, 2012.09841)."""

    pipeline_class = LDMPipeline
    needs = ("unet", "vqvae", "scheduler")
    autoencoder_part = "vqvae"


class UnconditionalPixel(Unconditional):
    """DDPM (2006.11239) and DDIM (2010.02502) on pixels: there is nothing to decode."""

    pipeline_class = DDIMPipeline
    needs = ("unet", "scheduler")

    def _prepare(self) -> None:
        self.factor = 1

    @property
    def decoder_channels(self) -> int:
        return self._network.config.block_out_channels[0]

    def decode(self, latents: Tensor, wraps: bool, tiles: bool = False) -> Tensor:
        return latents

    def encode(self, picture: Tensor, wraps: bool) -> Tensor:
        return picture
