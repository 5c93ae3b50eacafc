"""Stage 9: the trained parts as a diffusers pipeline in half precision, with a card."""

import copy
import json
import re
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from transformers import CLIPTokenizer

from engine.models.fine_decoder import FineDecoder
from engine.sky.captions import vocabulary

from .colour import fold_colour, fold_fine_colour
from .settings import Settings
from .unet import Denoiser, new_scheduler

GUIDANCE, STEPS = 4.0, 25  # guidance by eye, between 3 and 6
FINE_DECODER = "fine_decoder/model.safetensors"
CARD = "skyloom.json"


def export(
    folder: Path,
    autoencoder: AutoencoderTiny,
    fine_decoder: FineDecoder,
    denoiser: Denoiser,
    tokenizer: CLIPTokenizer,
    settings: Settings,
) -> None:
    """Write the model *folder*: what ``StableDiffusionPipeline.from_pretrained`` loads, ``skyloom.json`` and what it
    names."""
    vae = copy.deepcopy(autoencoder)
    fold_colour(vae)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=copy.deepcopy(denoiser.text_encoder),
        tokenizer=tokenizer,
        unet=copy.deepcopy(denoiser.unet),
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to("cpu", torch.float16).save_pretrained(folder)
    fine = copy.deepcopy(fine_decoder)
    fold_fine_colour(fine)
    (folder / FINE_DECODER).parent.mkdir()
    fine.save(folder / FINE_DECODER)
    for file in folder.rglob("*.safetensors"):  # which safetensors makes readable for their owner alone
        file.chmod(0o644)
    card = {
        "name": "sky-small",
        "transfer": "log_radiance",
        "native_height": settings.height,
        "fine_decoder": FINE_DECODER,
        "steps": STEPS,
        "guidance": GUIDANCE,
        "detail": 0.5,
        "billows": 6.0,
        "layout": "prompt",
        "license": "CC0-1.0",
        "vocabulary": taught_words(),
    }
    write_card(folder, card)


def taught_words() -> list[str]:
    """Every word of the captions' grammar."""
    return sorted({word for phrase in vocabulary() for word in re.findall(r"[^\W\d_]+", phrase.lower())})


def write_card(folder: Path, card: dict[str, object]) -> None:
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
