"""Stage 7: the text encoder reads captions before it sees a picture, and learns to tell what sky they speak of.

A caption costs nothing, a picture does: after these minutes the denoiser's time goes into painting and not into words.
"""

import math
import random
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from engine.sky import Clouds, Glow, Ground, SkyParameters, Time, sample_parameters
from engine.sky.captions import caption

from .checkpoint import Trainee
from .settings import Settings

_KINDS: dict[str, type[StrEnum]] = {"time": Time, "clouds": Clouds, "ground": Ground, "glow": Glow}
_FLAGS = ("mountains", "hills", "haze", "milky_way", "aurora")
_EMBEDDING_SPREAD = 0.3  # CLIP's 0.02 is for a longer training


def new_text_encoder(settings: Settings, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=settings.text_width,
            intermediate_size=4 * settings.text_width,
            num_hidden_layers=settings.text_layers,
            num_attention_heads=4,
            max_position_embeddings=settings.tokens,
            projection_dim=settings.text_width,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    nn.init.normal_(encoder.get_input_embeddings().weight, std=_EMBEDDING_SPREAD)
    return encoder


def reader(settings: Settings, tokenizer: CLIPTokenizer) -> Callable[[list[str]], Tensor]:
    """What turns texts into token numbers ``[n, tokens]``."""

    def read(texts: list[str]) -> Tensor:
        return tokenizer(
            texts, padding="max_length", max_length=settings.tokens, truncation=True, return_tensors="pt"
        ).input_ids

    return read


class CaptionReader(nn.Module):
    """The text encoder with a linear classifier for each of a sky's kinds and flags, on the mean of its tokens."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        classes = sum(len(kind) for kind in _KINDS.values())
        self.classifier = nn.Linear(encoder.config.hidden_size, classes + len(_FLAGS))

    def loss(self, tokens: Tensor, skies: list[SkyParameters]) -> Tensor:
        """Cross entropy of everything that captions with *tokens* ``[n, tokens]`` should tell of *skies*, summed."""
        answers = self.classifier(self.encoder(tokens).last_hidden_state.mean(1))
        *kinds, flags = answers.split([*(len(kind) for kind in _KINDS.values()), len(_FLAGS)], 1)
        total = F.binary_cross_entropy_with_logits(flags, _flags(skies).to(flags)) * len(_FLAGS)
        for (name, kind), logits in zip(_KINDS.items(), kinds, strict=True):
            members = list(kind)
            truth = torch.tensor([members.index(getattr(sky, name)) for sky in skies], device=logits.device)
            total = total + F.cross_entropy(logits, truth)
        return total


def _flags(skies: list[SkyParameters]) -> Tensor:
    return torch.tensor([[getattr(sky, name) for name in _FLAGS] for sky in skies])


def train_text(folder: Path, tokenizer: CLIPTokenizer, settings: Settings, device: torch.device) -> CLIPTextModel:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one."""
    torch.manual_seed(settings.seed)
    module = CaptionReader(new_text_encoder(settings, tokenizer)).to(device)
    trainee = Trainee(module, folder, settings.text_rate, settings.text_minutes, average=0.99)
    read = reader(settings, tokenizer)
    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        skies = [sample_parameters(rng) for _ in range(settings.text_batch)]
        loss = module.loss(read([caption(sky, rng) for sky in skies]).to(device), skies)
        trainee.update(loss, 0.5 * (1 + math.cos(math.pi * progress)))
        trainee.tell(settings.log_every, loss=loss.item())
        if trainee.minutes_since_saved > settings.save_minutes:
            trainee.save()
    trainee.save()
    averaged = trainee.averaged
    assert isinstance(averaged, CaptionReader)
    return averaged.encoder.train().requires_grad_(True)
