"""Stage 8: the denoiser and its text encoder together, v-prediction, on windows and whole panoramas mixed."""

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTextModel, CLIPTokenizer

from engine.sky import Clouds, SkyParameters
from engine.sky.captions import caption, sun_hint

from .checkpoint import Trainee
from .latents import Latents
from .settings import Settings
from .text import reader

_CAPTION_DROPOUT = 0.1
_HINTED = 0.4  # share of windows whose caption says whether the sun is in view
_FLAT = 0.5  # share of the time before the learning rate falls
# Hang et al. 2023, but never below: at high noise is decided what a picture shows, and that is what captions speak of.
_MIN_SNR, _LEAST_WEIGHT = 5.0, 0.4
_DISTINCT = (Clouds.CLEAR, Clouds.OVERCAST, Clouds.STORM)  # told apart at a glance, so shown twice as often


class Denoiser(nn.Module):
    """UNet and text encoder: what the diffusion stage trains."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet, self.text_encoder = unet, text_encoder

    def forward(self, x: Tensor, timestep: Tensor, tokens: Tensor) -> Tensor:
        return self.unet(x, timestep, self.text_encoder(tokens).last_hidden_state).sample

    def pooled(self, tokens: Tensor) -> Tensor:
        """What every block is told of a text, [batch, width]."""
        return self.unet.add_embedding(self.text_encoder(tokens).last_hidden_state)


def new_unet(settings: Settings) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=settings.height // settings.factor,
        in_channels=settings.latent_channels,
        out_channels=settings.latent_channels,
        block_out_channels=settings.unet_channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=settings.text_width,
        attention_head_dim=settings.unet_heads,  # diffusers' name; it means the number of heads
        norm_num_groups=16,
        # Beside cross attention the whole text is pooled into what every block is told with the noise level: most
        # of a caption, such as the hour, concerns all of a picture.
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def new_scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
        steps_offset=1,
    )


def train_unet(
    folder: Path,
    latents: Latents,
    skies: list[SkyParameters],
    text_encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    settings: Settings,
    device: torch.device,
) -> Denoiser:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    Returns the moving average of the weights.
    """
    torch.manual_seed(settings.seed)
    module = Denoiser(new_unet(settings), text_encoder).to(device)
    trainee = Trainee(module, folder, settings.unet_rate, settings.unet_minutes, average=0.998)
    alphas = new_scheduler().alphas_cumprod.to(device)
    read = reader(settings, tokenizer)
    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        x, texts, _ = batch(latents, skies, rng, settings, whole=trainee.step % 4 == 3)
        task = Task.draw(x.to(device), alphas)
        loss = task.loss(task.answer(module, read(texts).to(device)), task.velocity)
        trainee.update(loss, share_of_rate(progress))
        trainee.tell(settings.log_every, loss=loss.item())
        if trainee.minutes_since_saved > settings.save_minutes:
            trainee.save()
    trainee.save()
    return trainee.averaged


def share_of_rate(progress: float) -> float:
    """Of the full learning rate: flat, then half a cosine."""
    falling = max(0.0, progress - _FLAT) / (1 - _FLAT)
    return max(0.03, 0.5 * (1 + math.cos(math.pi * falling)))


@dataclass(frozen=True)
class Task:
    """What a denoiser is asked: ``noisy`` latents [batch, channels, rows, columns] at a ``timestep`` [batch].

    ``velocity``: the right answer. ``weight``: what an error counts, [batch].
    """

    noisy: Tensor
    timestep: Tensor
    velocity: Tensor
    weight: Tensor

    @classmethod
    def draw(cls, x: Tensor, alphas: Tensor) -> Self:
        """Noise on *x*; timesteps are spread evenly over the batch, errors weighted by min-SNR."""
        count = len(x)
        place = (torch.arange(count, device=x.device) + torch.rand(count, device=x.device)) / count
        timestep = (place * len(alphas)).long().clamp(max=len(alphas) - 1)[torch.randperm(count, device=x.device)]
        alpha = alphas[timestep].view(-1, 1, 1, 1)
        noise = torch.randn_like(x)
        snr = (alpha / (1 - alpha)).flatten()
        return cls(
            noisy=alpha.sqrt() * x + (1 - alpha).sqrt() * noise,
            timestep=timestep,
            velocity=alpha.sqrt() * noise - (1 - alpha).sqrt() * x,
            weight=(snr.clamp(max=_MIN_SNR) / (snr + 1)).clamp(min=_LEAST_WEIGHT) * 2,
        )

    def rows(self, index: list[int]) -> Self:
        """These of the batch alone."""
        return type(self)(self.noisy[index], self.timestep[index], self.velocity[index], self.weight[index])

    def answer(self, module: Denoiser, tokens: Tensor) -> Tensor:
        """What *module* says with the caption's *tokens*, of the shape of ``velocity``."""
        # On a CPU the fused attention's backward pass takes a quarter of a step; for 128 latents plain is faster.
        with torch.autocast(self.noisy.device.type, torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            return module(self.noisy, self.timestep, tokens).float()

    def loss(self, answer: Tensor, target: Tensor) -> Tensor:
        """Weighted squared error."""
        return ((answer - target).square().mean((1, 2, 3)) * self.weight).mean()


def batch(
    latents: Latents, skies: list[SkyParameters], rng: random.Random, settings: Settings, whole: bool
) -> tuple[Tensor, list[str], list[SkyParameters]]:
    """Square windows, or whole panoramas for half as many, with captions and skies; mirrored half of the time."""
    pictures, texts, shown = [], [], []
    columns = latents.values.shape[-1]
    width = columns if whole else columns // 2
    weights = [2 if sky.clouds in _DISTINCT else 1 for sky in skies]
    for index in rng.choices(range(len(skies)), weights, k=settings.unet_batch // 2 if whole else settings.unet_batch):
        first = rng.randrange(columns)
        if rng.random() < 0.5:
            picture = latents.values[index].roll(-first, -1)
        else:
            picture = latents.mirrored[index].roll(first + width, -1)
        sky = skies[index]
        text = caption(sky, rng)
        if not whole:
            azimuth = (first - int(latents.shift[index]) / settings.factor) / columns * 360 - 90
            hint = sun_hint(sky, azimuth, rng) if rng.random() < _HINTED else ""
            text = f"{text}, {hint}" if hint else text
        pictures.append(picture[..., :width])
        texts.append("" if rng.random() < _CAPTION_DROPOUT else text)
        shown.append(sky)
    return torch.stack(pictures), texts, shown
