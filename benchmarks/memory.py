"""Peak memory of a decode, whole and in tiles, and of a synchronization gradient, without and with checkpoints, beside
what engine.memory estimates.

    python benchmarks/memory.py [--model FOLDER ...]

Each figure is the growth of a fresh process's peak resident memory; a decoder that knows no tiles has no such row.
Without --model: the bundled model and an autoencoder of Stable Diffusion's shape with random weights.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
STABLE_DIFFUSION_SHAPE = "stable-diffusion-shape"
TASKS = ("decode", "decode in tiles", "gradient", "gradient with checkpoints")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def decoder(name: str) -> SimpleNamespace:
    """What the estimate and the two measured functions need of a model."""
    import torch

    from engine.models.loading import load_model
    from engine.models.stable_diffusion import StableDiffusion

    if name != STABLE_DIFFUSION_SHAPE:
        return load_model(name, torch.device("cpu"))
    from diffusers import AutoencoderKL

    from engine.light.transfer import transfer

    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        sample_size=512,
    )
    model = StableDiffusion.__new__(StableDiffusion)
    model._vae = vae.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    model.transfer, model.channels, model.factor = transfer("srgb"), 4, 8
    return model


def measure(name: str, task: str, width: int) -> None:
    """In a process of its own: print measured and estimated bytes."""
    import torch

    from engine.memory import decode_bytes, gradient_bytes
    from engine.perceptual.lpips_distance import PerceptualDistance

    model, distance = decoder(name), PerceptualDistance()
    sparing = task in ("decode in tiles", "gradient with checkpoints")
    decodes = task.startswith("decode")
    if decodes and sparing and not model.decodes_in_tiles:
        return
    if sparing and not decodes:
        model._vae.enable_gradient_checkpointing()
        distance.checkpoint(True)
    height = width // 2

    def run(columns: int, rows: int) -> None:
        latents = torch.randn(1, model.channels, rows // model.factor, columns // model.factor)
        if decodes:
            with torch.no_grad():
                model.decode(latents, wraps=True, tiles=sparing)
            return
        latents.requires_grad_()
        features = distance.features(model.display(latents))
        loss = distance.between(features, [layer.detach() * 0.5 for layer in features]).sum()
        torch.autograd.grad(loss, latents)

    run(64, 64)  # libraries allocate their own on first use
    before = peak()
    run(width if decodes else height, height)
    estimate = decode_bytes(model, width, sparing) if decodes else gradient_bytes(model, height, height, 1, sparing)
    print(peak() - before, estimate)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="*", default=["sky-small", STABLE_DIFFUSION_SHAPE])
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone:
        measure(chosen.alone[0], chosen.alone[1], int(chosen.alone[2]))
        return 0
    print("| decoder | task | panorama | measured | estimated |")
    print("|---|---|---|---|---|")
    for model in chosen.model:
        for task in TASKS:
            for width in (512, 1024):
                command = [sys.executable, __file__, "--alone", model, task, str(width)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                if words := output.split():
                    measured, estimated = (int(word) / 1e6 for word in words[-2:])
                    print(f"| {model} | {task} | {width} x {width // 2} | {measured:.0f} MB | {estimated:.0f} MB |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
