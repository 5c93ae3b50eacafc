"""Exposure brackets denoised together, beside inverse tone mapping: ``python -m benchmarks.brackets [--skies 8]``.

Bracket Diffusion (arXiv 2405.14304) has a model paint several exposures of one picture at once and keeps them in
agreement. The bundled model is an HDR one, so it plays an ordinary one here: each of its exposures ends at a white of
its own. It is given the clipped picture of a true sky, with words for that sky, and paints darker exposures from the
same noise. In each step they are made to agree with it and with each other: by a merge of what is well exposed, in x0,
as windows are. Beside them: the shipped restoration of the same clipped picture. Prints the table of docs/light.md.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from benchmarks.light import direct_share, photograph, pu21_psnr, truth  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.light.found import FoundLight  # noqa: E402
from engine.light.highlights import expand  # noqa: E402
from engine.light.stage import light_panorama  # noqa: E402
from engine.light.transfer import linear_to_srgb, srgb_to_linear  # noqa: E402
from engine.models.loading import load_model  # noqa: E402
from engine.models.model import Model  # noqa: E402
from engine.sky import SkyRenderer, sample_parameters  # noqa: E402
from engine.sky.captions import caption  # noqa: E402
from engine.sphere.equirectangular import degrees_from, direction  # noqa: E402

STOPS = (3.0, 6.0, 9.0)  # by which the painted exposures are darker than the given picture
_WELL = (0.05, 0.95)  # of an exposure's white: what is darker is quantized, what is brighter clipped
_HEIGHT, _SATURATED = 256, 0.02
_WAYS = ("clipped", "highlights lifted", "lifted, with a sun (shipped)", "brackets", "brackets, with a sun")


def expose(radiance: Tensor, white: Tensor | float) -> Tensor:
    """What is left of *radiance* in 8 bits of sRGB that end at *white*."""
    return srgb_to_linear((linear_to_srgb((radiance / white).clamp(0, 1)) * 255).round() / 255) * white


def merge(given: Tensor, white: float, exposures: Tensor, whites: Tensor) -> Tensor:
    """Radiance ``[3, h, w]`` of the *given* picture where that is not clipped, at *white*, and elsewhere of *exposures*
    ``[n, 3, h, w]``, which end at *whites* ``[n]``, ascending: the mean of those that are well exposed."""
    level = exposures.amax(1, keepdim=True) / whites.view(-1, 1, 1, 1)
    weight = torch.minimum(level - _WELL[0], _WELL[1] - level).clamp(min=0) + 1e-6
    weight[-1] += (level[-1] >= _WELL[1]).float()  # nothing sees more
    weight[0] += (level[0] <= _WELL[0]).float()
    beyond = (exposures * weight).sum(0) / weight.sum(0)
    clipped = ((given.amax(0) / white - _WELL[1]) / (1 - _WELL[1])).clamp(0, 1)
    # What is clipped at white is white at least: that, too, exposures have to agree on.
    beyond = beyond * (white / beyond.amax(0).clamp(min=1e-6)).clamp(min=1)
    return torch.lerp(given, beyond, clipped)


@torch.no_grad()
def paint_brackets(model: Model, given: Tensor, white: float, prompt: str, stops: Sequence[float], seed: int) -> Tensor:
    """The clipped panorama *given* ``[3, H, 2 H]``, whose white is *white*, with what darker exposures show beyond."""
    generator = torch.Generator().manual_seed(seed)
    height = given.shape[1] // model.factor
    solver = model.solver("ddim", model.steps, (height, 2 * height), generator)
    denoise = model.denoiser(model.condition(prompt, "", model.guidance), wraps=True)
    whites = white * torch.tensor([2.0**stop for stop in stops])
    noise = torch.randn(1, model.channels, height, 2 * height, generator=generator)
    x = solver.levels[0].sigma * noise.repeat(len(stops), 1, 1, 1)
    merged = given
    for index, level in enumerate(solver.levels):
        x0 = denoise(x, level, torch.arange(len(stops)))
        painted = model.decode(x0, wraps=True)
        exposures = expose(model.transfer.to_radiance(painted), whites.view(-1, 1, 1, 1))
        merged = merge(given, white, exposures, whites)
        agreed = torch.minimum(merged, whites.view(-1, 1, 1, 1))
        x0 = x0 + model.encode(model.transfer.from_radiance(agreed), wraps=True) - model.encode(painted, wraps=True)
        x = solver.step(index, x, x0)
    return merged


def restorations(model: Model, true: Tensor, prompt: str, stops: Sequence[float]) -> list[tuple[Tensor, FoundLight]]:
    """Of each way: radiance, and the light that was found."""
    picture, white = photograph(true, _SATURATED)
    brackets = paint_brackets(model, picture * white, white, prompt, stops, seed=1) / white
    lifted, relit = (light_panorama(each, Job(prompt="a"), clips=each is picture) for each in (picture, brackets))
    sun = direction(lifted.light.azimuth, lifted.light.elevation) if lifted.light.kind == "sun" else None
    radiance = (picture, expand(picture, sun), lifted.radiance, brackets, relit.radiance)
    lights = (lifted.light, lifted.light, lifted.light, relit.light, relit.light)
    return [(each * white, light) for each, light in zip(radiance, lights, strict=True)]


def median(values: list[float], unit: str = "") -> str:
    return f"{statistics.median(values):.2f}{unit}" if values else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=8, help="with a sun to be seen")
    parser.add_argument("--stops", type=float, nargs="+", default=STOPS)
    chosen = parser.parse_args()
    rng, renderer = random.Random(2026), SkyRenderer(seed=7)
    model = load_model(BUNDLED_MODEL, torch.device("cpu"))
    quality: dict[str, list[float]] = {way: [] for way in _WAYS}
    shares: dict[str, list[float]] = {way: [] for way in _WAYS}
    angles: dict[str, list[float]] = {way: [] for way in _WAYS}
    while len(quality["clipped"]) < chosen.skies:
        sky = sample_parameters(rng)
        true = renderer.render([sky], _HEIGHT)[0]
        if truth(sky, true) != "sun":
            continue
        towards = direction(sky.sun_azimuth, sky.sun_elevation)
        restored = restorations(model, true, caption(sky, random.Random(1)), chosen.stops)
        for way, (picture, light) in zip(_WAYS, restored, strict=True):
            quality[way].append(pu21_psnr(picture, true))
            if light.kind == "sun":
                shares[way].append(direct_share(picture, towards) / direct_share(true, towards))
                found = direction(light.azimuth, light.elevation)
                angles[way].append(degrees_from(towards, found).item())
    print("| | PU21-PSNR | suns found | direct share over the true one | within 25 % | sun's angle |")
    print("|---|---|---|---|---|---|")
    for way in _WAYS:
        near = sum(abs(share - 1) < 0.25 for share in shares[way])
        print(
            f"| {way} | {statistics.mean(quality[way]):.1f} dB | {len(shares[way])} "
            f"| {median(shares[way])} | {near} | {median(angles[way], '°')} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
