"""Train sky-small from nothing: ``python -m training.train``. Every stage can be interrupted; a rerun goes on."""

import argparse
import shutil
from pathlib import Path

import torch

from .autoencoder import train_autoencoder
from .curve import draw_curve
from .dataset import make_dataset
from .decoder import train_decoder
from .export import export
from .latents import encode_all, standardised
from .settings import PRESETS, Settings
from .tokenizer import make_tokenizer
from .unet import train_unet

RUNS = Path(__file__).parent / "runs"


def train(run: Path, settings: Settings, device: torch.device) -> Path:
    """All stages in the folder *run*. Returns the model's folder."""
    torch.set_num_threads(settings.threads)
    panoramas = make_dataset(run / "dataset", settings, device)
    autoencoder = train_autoencoder(run / "autoencoder", panoramas, settings, device)
    draw_curve(run / "autoencoder", "Autoencoder")
    latents = encode_all(run / "latents", autoencoder, panoramas, settings, device)
    autoencoder = standardised(autoencoder, latents)
    autoencoder = train_decoder(run / "decoder", autoencoder, latents, panoramas, settings, device)
    draw_curve(run / "decoder", "Decoder")
    tokenizer = make_tokenizer(run / "tokenizer", settings)
    denoiser = train_unet(run / "unet", latents, panoramas.parameters, tokenizer, settings, device)
    draw_curve(run / "unet", "Denoiser and text encoder")
    model = run / "model"
    shutil.rmtree(model, ignore_errors=True)
    export(model, autoencoder, denoiser, tokenizer, settings)
    return model


def main() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parser = argparse.ArgumentParser(description=__doc__)
    fitting = "gpu" if device.type == "cuda" else "cpu"
    parser.add_argument("--preset", choices=PRESETS, default=fitting, help="default: what fits this machine")
    parser.add_argument("--name", help="folder under training/runs, by default the preset's name")
    arguments = parser.parse_args()
    model = train(RUNS / (arguments.name or arguments.preset), PRESETS[arguments.preset], device)
    print(f"The model is in {model}")


if __name__ == "__main__":
    main()
