"""Does a model follow its prompts? ``python -m training.evaluate MODEL_DIR`` prints a markdown table.

Pictures of prompts never trained on are sorted by a classifier that was fitted to renders, which are made once and kept
in ``training/runs/evaluation``. The same classifier's accuracy on other renders, and on those sent through the
autoencoder, says how much of a miss is its own or the decoder's. The distance is :class:`FrechetDistance` to the
renders; still other renders say how small it can get.
"""

import argparse
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from diffusers.models.autoencoders.vae import DecoderOutput
from PIL import Image, ImageDraw
from torch import Tensor

from engine.job import Job
from engine.light.transfer import radiance_to_log
from engine.models.fine_decoder import SCALE, FineDecoder
from engine.models.loading import WarmModel
from engine.output.pictures import read_radiance
from engine.pipeline import generate
from engine.protocol import Result
from engine.sky import Clouds, Ground, SkyParameters, SkyRenderer, Time, sample_parameters
from engine.sky.phrases import CLOUDS, GROUNDS, MOUNTAINS, TIMES

from .classifier import ATTRIBUTES, SkyClassifier, labels, reduced
from .colour import to_opponent
from .dataset import make_dataset, render_codes
from .export import FINE_DECODER, GUIDANCE, STEPS
from .frechet import FrechetDistance
from .held_out import HELD_OUT, HELD_OUT_MOUNTAINS, OTHER_WORDS, OTHER_WORDS_MOUNTAINS
from .reconstruction import decibels, display
from .sampling import PanoramaSampler
from .settings import PRESETS
from .train import RUNS

_FIT_SEED, _TEST_SEED = 321, 654  # training's seeds are small numbers
_BATCH = 4
SHEET_PROMPTS = (
    "golden hour over a calm sea",
    "sunset over the ocean with wispy clouds",
    "clear blue sky at noon over sand dunes",
    "overcast sky over a meadow",
    "starry night with the milky way over the desert",
    "storm clouds over a grass field",
    "puffy white clouds over green fields, midday",
    "dusk over a snowy plain, mountains",
)


Table = dict[str, list[str]]


@dataclass(frozen=True)
class Wording:
    """Phrases by what they say."""

    kinds: Mapping[Time | Clouds | Ground, Sequence[str]]
    mountains: Sequence[str]


CAPTIONS = Wording({**TIMES, **CLOUDS, **GROUNDS}, MOUNTAINS)
PARAPHRASES = Wording(HELD_OUT, HELD_OUT_MOUNTAINS)
IN_OTHER_WORDS = Wording(OTHER_WORDS, OTHER_WORDS_MOUNTAINS)


def full_caption(sky: SkyParameters, rng: random.Random, wording: Wording = CAPTIONS) -> str:
    """A caption that says all that the classifier will be asked."""
    time, clouds, ground = (rng.choice(wording.kinds[kind]) for kind in (sky.time, sky.clouds, sky.ground))
    text = f"{time} over {ground}, {clouds}"
    return f"{text}, {rng.choice(wording.mountains)}" if sky.mountains else text


def evaluate(model: Path, pictures: int, renders: int, guidance: float, device: torch.device, made: bool) -> str:
    """The table for *model*, from *pictures* samples per row and a classifier fitted to *renders* renders.

    made: also of skies that the engine makes, which begin with a layout.
    """
    pipeline = load(model, device)
    height = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    classifier = fitted(height, renders, device)
    renderer, batch = SkyRenderer(_TEST_SEED, device), 1 if device.type == "cpu" else 64
    rng = random.Random(_TEST_SEED)
    asked = [sample_parameters(rng) for _ in range(pictures)]
    truth, codes = labels(asked), render_codes(renderer, asked, height, batch)
    distance = FrechetDistance(display(codes))
    rows: Table = {}

    def add(name: str, some: Tensor) -> None:
        shares = classifier.accuracy(some, truth)
        rows[name] = [*(f"{share:.0%}" for share in shares), f"{distance(display(some)):.2f}"]
        print(f"{name}: {', '.join(rows[name])}", flush=True)

    add("renders", codes)
    decoded = torch.cat([_through(pipeline, few) for few in codes.to(device).split(_BATCH)]).cpu()
    add("renders through the autoencoder", decoded)
    others = render_codes(renderer, [sample_parameters(rng) for _ in asked], height, batch)
    rows["other renders"] = [*[""] * len(ATTRIBUTES), f"{distance(display(others)):.2f}"]
    captions = [full_caption(sky, rng) for sky in asked]
    started = time.perf_counter()
    add(f"samples, guidance {guidance:g}", _samples(pipeline, captions, guidance))
    seconds = (time.perf_counter() - started) / pictures
    add("samples, guidance 1", _samples(pipeline, captions, 1.0))
    add(f"samples in windows, guidance {guidance:g}", _samples(pipeline, captions, guidance, windows=True))
    paraphrases = [full_caption(sky, rng, PARAPHRASES) for sky in asked]
    add(f"samples of unseen paraphrases, guidance {guidance:g}", _samples(pipeline, paraphrases, guidance))
    if made:
        add("skies as the engine makes them", _made(model, captions, height))
        add("the same of unseen paraphrases", _made(model, paraphrases, height))
        add(
            "the same in words that captions lack",
            _made(model, [full_caption(sky, rng, IN_OTHER_WORDS) for sky in asked], height),
        )
    most_common = [truth[:, i].bincount().max().item() / pictures for i in range(len(ATTRIBUTES))]
    rows["always the most frequent"] = [*(f"{share:.0%}" for share in most_common), ""]
    lines = [f"| {pictures} panoramas | {' | '.join(ATTRIBUTES)} | distance |", "|---" * (2 + len(ATTRIBUTES)) + "|"]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    notes = f"{seconds:.1f} s per panorama of {STEPS} steps on {torch.get_num_threads()} threads; "
    return "\n".join(
        [*lines, "", notes + f"reconstruction {decibels(to_opponent(decoded), to_opponent(codes)):.1f} dB."]
    )


def fitted(height: int, renders: int, device: torch.device) -> SkyClassifier:
    """Of skies of so many rows, fitted to *renders* renders, which are kept."""
    preset = PRESETS["cpu" if device.type == "cpu" else "gpu"]
    settings = replace(preset, seed=_FIT_SEED, height=height, panoramas=renders)
    known = make_dataset(RUNS / "evaluation", settings, device)
    seen = torch.cat([reduced(known[index][None]) for index in range(renders)])
    return SkyClassifier(seen, labels(known.parameters[:renders]))


def _samples(pipeline: StableDiffusionPipeline, captions: list[str], guidance: float, windows: bool = False) -> Tensor:
    sampler = PanoramaSampler(pipeline, guidance, STEPS, windows)
    return torch.cat([sampler.sample(captions[i : i + _BATCH], seed=i).cpu() for i in range(0, len(captions), _BATCH)])


def _made(model: Path, captions: list[str], height: int) -> Tensor:
    """What the engine makes of *captions*, but for poles, coherence, which samples lack too, and the sun's disc."""
    models, codes = WarmModel(), []
    with TemporaryDirectory() as folder:
        for seed, caption in enumerate(captions):
            job = Job(
                prompt=caption, model=str(model), seed=seed, width=2 * height, sampler="multidiffusion", poles=False
            )
            *_, result = generate(replace(job, sun="off"), Path(folder, f"{seed}.exr"), models)
            assert isinstance(result, Result)
            codes.append(radiance_to_log(read_radiance(Path(result.exr))))
    return torch.stack(codes)


def load(model: Path, device: torch.device) -> StableDiffusionPipeline:
    """The pipeline in the folder *model*; its autoencoder decodes as Skyloom does, with the fine decoder."""
    pipeline = StableDiffusionPipeline.from_pretrained(model, safety_checker=None, dtype=torch.float32).to(device)
    fine = FineDecoder.load(model / FINE_DECODER).to(device)
    latents_per_value = pipeline.vae.config.scaling_factor

    def decode(latents: Tensor) -> DecoderOutput:
        return DecoderOutput(sample=F.avg_pool2d(fine(latents * latents_per_value), SCALE))

    pipeline.vae.decode = decode
    return pipeline


def sheet(model: Path, file: Path, guidance: float, device: torch.device) -> None:
    """Eight prompts and what the model makes of them, as a PNG."""
    sampler = PanoramaSampler(load(model, device), guidance, STEPS)
    pictures = [display(sampler.sample([prompt], seed=7)) for prompt in SHEET_PROMPTS]
    shown = (torch.cat(pictures) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    height, width, label = shown.shape[1], shown.shape[2], 16
    page = Image.new("RGB", (2 * width + 4, len(shown) // 2 * (height + label)))
    pen = ImageDraw.Draw(page)
    for i, (prompt, picture) in enumerate(zip(SHEET_PROMPTS, shown, strict=True)):
        x, y = i % 2 * (width + 4), i // 2 * (height + label)
        pen.text((x + 4, y + 2), prompt, fill="white")
        page.paste(Image.fromarray(picture), (x, y + label))
    page.save(file)


@torch.no_grad()
def _through(pipeline: StableDiffusionPipeline, codes: Tensor) -> Tensor:
    edge = 4 * pipeline.vae_scale_factor
    wrapped = torch.cat([codes[..., -edge:], codes, codes[..., :edge]], -1)
    return pipeline.vae.decode(pipeline.vae.encode(wrapped).latents).sample[..., edge:-edge].clamp(-1, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--renders", type=int, default=1800, help="for fitting the classifier")
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="also draw eight prompts")
    parser.add_argument("--made", action="store_true", help="also sort skies as the engine makes them, with layouts")
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if arguments.sheet:
        sheet(arguments.model, arguments.sheet, arguments.guidance, device)
    counts = arguments.pictures, arguments.renders
    print(evaluate(arguments.model, *counts, arguments.guidance, device, arguments.made))


if __name__ == "__main__":
    main()
