"""Teach a finished model new words and changed hours: ``python -m training.tune MODEL_DIR``.

Only the words' way into the picture is trained: text encoder, cross attention, and what each block is told of text and
noise level, 1.4 of the 7.6 million numbers. All others stay as they are, bit by bit, so that a repository that holds
the model grows by what was learnt and no more.

The model as it was teaches the tuned one: whatever new words a caption has, they should be understood as the plain
words for the same sky were, except for skies that it never painted right.
"""

import argparse
import copy
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.sky import Clouds, SkyParameters, Time, sample_parameters
from engine.sky.captions import caption, plain_caption

from .checkpoint import Trainee
from .colour import to_rgb
from .curve import draw_curve
from .dataset import make_dataset
from .export import CARD, taught_words, write_card
from .latents import Latents, encode_all
from .settings import PRESETS, Settings
from .text import reader
from .train import RUNS
from .unet import Denoiser, Task, batch, new_scheduler, share_of_rate

_TRAINED = ("text_encoder.", ".add_embedding.", ".time_embedding.", ".time_emb_proj.", ".attn2.")
# What the teacher has no right answer to: hours that the renderer paints otherwise than it was taught, or that it takes
# for others, and clouds that it seldom paints.
_CHANGED = (Time.MORNING, Time.MOON, Time.GOLDEN, Clouds.FEW, Clouds.SCATTERED, Clouds.MACKEREL)
_SHOWN_MORE = (Time.MORNING, Time.MORNING, Time.MOON, Time.GOLDEN, Time.NOON)
_TEACHER = 0.5  # its share of the target
_TEXTS, _TEXT_WEIGHT = 32, 0.1  # captions without a picture in each step, and what they count
_FILES = {"unet": "unet/diffusion_pytorch_model.safetensors", "text_encoder": "text_encoder/model.safetensors"}


def tune(run: Path, model: Path, settings: Settings, device: torch.device) -> Path:
    """Tune the *model* folder, with all that is made on the way in the folder *run*. Returns the new model's folder."""
    torch.set_num_threads(settings.threads)
    pipeline = StableDiffusionPipeline.from_pretrained(model, safety_checker=None, dtype=torch.float32).to(device)
    other = replace(settings, seed=settings.seed + 6, panoramas=settings.tune_panoramas)  # than it was trained on
    panoramas = make_dataset(run / "dataset", other, device, _draw)
    latents = encode_all(run / "latents", block_map(pipeline.vae), panoramas, settings, device)
    teacher = Denoiser(pipeline.unet, pipeline.text_encoder).eval().requires_grad_(False)
    read = reader(settings, pipeline.tokenizer)
    learnt = _train(run / "denoiser", teacher, latents, panoramas.parameters, read, settings, device)
    draw_curve(run / "denoiser", "Tuning")
    tuned = run / "model"
    shutil.rmtree(tuned, ignore_errors=True)
    shutil.copytree(model, tuned)
    _write(tuned, learnt)
    return tuned


@torch.no_grad()
def block_map(vae: AutoencoderTiny) -> Callable[[Tensor], Tensor]:
    """The affine map of blocks that the encoder computes (see ``transform.py``), in one convolution."""
    factor = 2 ** (len(vae.config.encoder_block_out_channels) - 1)
    blocks = torch.eye(3 * factor**2, device=vae.device).view(-1, 3, factor, factor)
    offset = vae.encode(torch.zeros_like(blocks[:1])).latents
    taps = (vae.encode(blocks).latents - offset).flatten(1).T.view(-1, 3, factor, factor)
    scale = vae.config.scaling_factor
    return lambda opponent: F.conv2d(to_rgb(opponent), scale * taps, scale * offset.flatten(), stride=factor)


def _draw(rng: random.Random) -> SkyParameters:
    """Half of the skies at the hours of which there is most to learn."""
    if rng.random() < 0.5:
        return sample_parameters(rng, time=rng.choice(_SHOWN_MORE))
    return sample_parameters(rng)


def _train(
    folder: Path,
    teacher: Denoiser,
    latents: Latents,
    skies: list[SkyParameters],
    read: Callable[[list[str]], Tensor],
    settings: Settings,
    device: torch.device,
) -> nn.Module:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    Returns the moving average of the weights.
    """
    torch.manual_seed(settings.seed)
    module = copy.deepcopy(teacher)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(any(part in f".{name}" for part in _TRAINED))
    trainee = Trainee(module, folder, settings.tune_rate, settings.tune_minutes, average=0.998)
    alphas = new_scheduler().alphas_cumprod.to(device)
    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        x, texts, shown = batch(latents, skies, rng, settings, whole=trainee.step % 2 == 1)
        task = Task.draw(x.to(device), alphas)
        target = task.velocity.clone()
        if rows := [i for i, sky in enumerate(shown) if not {sky.time, sky.clouds} & set(_CHANGED)]:
            plain = read([plain_caption(shown[i]) if texts[i] else "" for i in rows])
            with torch.no_grad():
                target[rows] = target[rows].lerp(task.rows(rows).answer(teacher, plain.to(device)), _TEACHER)
        painting = task.loss(task.answer(module, read(texts).to(device)), target)
        reading = _reading(module, teacher, read, rng, device)
        trainee.update(painting + _TEXT_WEIGHT * reading, share_of_rate(progress))
        trainee.tell(settings.log_every, loss=painting.item(), reading=reading.item())
        if trainee.minutes_since_saved > settings.save_minutes:
            trainee.save()
    trainee.save()
    return trainee.averaged


def _reading(
    module: Denoiser, teacher: Denoiser, read: Callable[[list[str]], Tensor], rng: random.Random, device: torch.device
) -> Tensor:
    """How far captions are from meaning to *module* what plain ones of the same skies mean to *teacher*.

    As a share of what plain ones differ by among each other: 0 is as good, 1 as bad as a guess.
    """
    skies = [sample_parameters(rng) for _ in range(_TEXTS)]
    with torch.no_grad():
        meant = teacher.pooled(read([plain_caption(sky) for sky in skies]).to(device))
    understood = module.pooled(read([caption(sky, rng) for sky in skies]).to(device))
    return F.mse_loss(understood, meant) / meant.var(0, correction=0).mean()


def _write(model: Path, learnt: nn.Module) -> None:
    """Put what was trained into the files of the *model* folder, in their precision; the rest is not touched."""
    weights = learnt.state_dict()
    for part, file in _FILES.items():
        stored = load_file(model / file)
        for name, old in stored.items():
            if any(trained in f".{part}.{name}" for trained in _TRAINED):
                stored[name] = weights[f"{part}.{name}"].to("cpu", old.dtype).contiguous()
        save_file(stored, model / file, metadata={"format": "pt"})
    card = json.loads((model / CARD).read_text(encoding="utf-8"))
    write_card(model, card | {"vocabulary": taught_words()})


def main() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parser = argparse.ArgumentParser(description=__doc__)
    fitting = "gpu" if device.type == "cuda" else "cpu"
    parser.add_argument("model", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--preset", choices=PRESETS, default=fitting, help="default: what fits this machine")
    arguments = parser.parse_args()
    print(f"The tuned model is in {tune(RUNS / 'tune', arguments.model, PRESETS[arguments.preset], device)}")


if __name__ == "__main__":
    main()
