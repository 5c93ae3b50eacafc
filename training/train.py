"""Train sky-small from nothing: ``python -m training.train``. Every stage can be interrupted; a rerun goes on."""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import torch

from engine.models.fine_decoder import SCALE

from .autoencoder import fit_transform
from .curve import draw_curve
from .dataset import make_dataset
from .decoder import train_decoder
from .export import export
from .fine_decoder import train_fine_decoder
from .latents import encode_all
from .settings import PRESETS, Settings
from .text import train_text
from .tokenizer import make_tokenizer
from .unet import train_unet

RUNS = Path(__file__).parent / "runs"


def train(run: Path, settings: Settings, device: torch.device, only: str | None = None) -> Path | None:
    """All stages in the folder *run*. Returns the model's folder.

    *only*: ``decoder``, ``fine`` or ``unet`` trains one of the three, which do not need each other and may run side by
    side; the model is then left to a run of all stages, and None is returned.
    """
    torch.set_num_threads(settings.threads)
    panoramas = make_dataset(run / "dataset", settings, device)
    transform = fit_transform(run / "autoencoder", panoramas, settings)
    latents = encode_all(run / "latents", transform, panoramas, settings, device)
    if only in (None, "decoder"):
        autoencoder = train_decoder(run / "decoder", transform, latents, panoramas, settings, device)
        draw_curve(run / "decoder", "Decoder")
    if only in (None, "fine"):
        twice = replace(
            settings, seed=settings.seed + 1, height=SCALE * settings.height, panoramas=settings.fine_panoramas
        )
        large = make_dataset(run / "large", twice, device)
        fine_decoder = train_fine_decoder(run / "fine", transform, large, settings, device)
        draw_curve(run / "fine", "Fine decoder")
    if only in (None, "unet"):
        tokenizer = make_tokenizer(run / "tokenizer", settings)
        text_encoder = train_text(run / "text", tokenizer, settings, device)
        draw_curve(run / "text", "Text encoder")
        denoiser = train_unet(run / "unet", latents, panoramas.parameters, text_encoder, tokenizer, settings, device)
        draw_curve(run / "unet", "Denoiser and text encoder")
    if only:
        return None
    model = run / "model"
    shutil.rmtree(model, ignore_errors=True)
    export(model, autoencoder, fine_decoder, denoiser, tokenizer, settings)
    return model


def main() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parser = argparse.ArgumentParser(description=__doc__)
    fitting = "gpu" if device.type == "cuda" else "cpu"
    parser.add_argument("--preset", choices=PRESETS, default=fitting, help="default: what fits this machine")
    parser.add_argument("--name", help="folder under training/runs, by default the preset's name")
    parser.add_argument("--only", choices=("decoder", "fine", "unet"), help="train one of them, beside the others")
    arguments = parser.parse_args()
    model = train(RUNS / (arguments.name or arguments.preset), PRESETS[arguments.preset], device, arguments.only)
    if model:
        print(f"The model is in {model}")


if __name__ == "__main__":
    main()
