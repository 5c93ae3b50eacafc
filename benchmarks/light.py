"""Light restored from clipped pictures, against HDR skies of known truth.

    python benchmarks/light.py [--skies 96] [--heights 128 512]
    python benchmarks/light.py --hdris FOLDER       # photographs, such as those that Blender has for its studio lights

Skies of engine.sky go through a camera that exposes so that a share of the sky saturates, and 8 bits of sRGB, as an
ordinary model's picture is; the light stage restores them without a prompt. Prints the tables of docs/light.md. In a
photograph the sun is where it is brightest.
"""

import argparse
import math
import random
import statistics
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.job import Job  # noqa: E402
from engine.light.detection import find_spot  # noqa: E402
from engine.light.photometry import level_irradiance, luminance, within  # noqa: E402
from engine.light.stage import Lit, brighter, light_panorama  # noqa: E402
from engine.light.transfer import linear_to_srgb, srgb_to_linear  # noqa: E402
from engine.output.pictures import read_radiance, write_exr  # noqa: E402
from engine.sky import Clouds, SkyParameters, SkyRenderer, Time, sample_parameters  # noqa: E402
from engine.sphere.enlarging import resized  # noqa: E402
from engine.sphere.equirectangular import box_filter, degrees_from, direction, directions, solid_angles  # noqa: E402

SATURATED = (0.01, 0.02, 0.05)  # of the sky; Eilertsen et al. (2017) clip up to 5 % to 15 %
CONE = 4.0  # degrees; holds the disc of the smallest panorama
VISIBLE = 0.3  # direct irradiance facing the sun, over the diffuse on the ground, from which a sun is called visible
PHOTOGRAPH = 1024  # pixels across
MOONS, NIGHTS = 40, 20  # moonlit skies; nights without a moon: so many plain, under an aurora, and above a city
THIN = (0.1, 0.4)  # share of the month from new moon, of a waxing or waning one
DARK = 2.0  # stops too dark
PEAK = 250.0  # cd/m2 that a radiance of 1 is shown as

# PU21, banding and glare (Mantiuk and Azimi, "PU21", PCS 2021).
_PU21 = (0.353487901, 0.3734658629, 8.277049286e-05, 0.9062562627, 0.09150303166, 0.9099517204, 596.3148142)


def pu21(nits: Tensor) -> Tensor:
    """Perceptually uniform units of luminance in cd/m2 (0.005 to 10000); 100 cd/m2 are about 256."""
    a, b, c, d, e, f, g = _PU21
    y = nits.clamp(0.005, 10000)
    return (g * (((a + b * y**d) / (1 + c * y**d)) ** e - f)).clamp(min=0)


def pu21_psnr(seen: Tensor, true: Tensor) -> float:
    """In dB, weighted by solid angle."""
    area = solid_angles(seen.shape[1])
    error = (pu21(seen * PEAK) - pu21(true * PEAK)).square().mean(0, keepdim=True)[0]
    mean = (error * area).sum() / (area.sum() * seen.shape[2])
    return 20 * math.log10(256) - 10 * math.log10(mean.item())


def photograph(radiance: Tensor, saturated: float, stops: float = 0.0) -> tuple[Tensor, float]:
    """The picture in [0, 1] that a camera takes, as 8 bits of sRGB decoded again, and what a 1.0 in it was. stops: by
    which it is darker than one of which a share of the sky is *saturated*."""
    sky = radiance[:, : radiance.shape[1] // 2].amax(0).flatten()
    area = solid_angles(radiance.shape[1])[: radiance.shape[1] // 2].expand(-1, radiance.shape[2]).flatten()
    order = sky.argsort(descending=True)
    white = sky[order[int((area[order].cumsum(0) < saturated * area.sum()).sum())]].clamp(min=1.0).item()
    white *= 2**stops
    code = (linear_to_srgb((radiance / white).clamp(0, 1)) * 255).round() / 255
    return srgb_to_linear(code), white


def direct_share(radiance: Tensor, towards: Tensor) -> float:
    """Direct over total irradiance on level ground."""
    direct = luminance(within(radiance, towards, CONE)) * towards[2].clamp(min=0)
    return (direct / luminance(level_irradiance(radiance))).item()


def truth(sky: SkyParameters, radiance: Tensor) -> str:
    """sun, moon or none: whether a disc lights the scene."""
    towards = direction(sky.sun_azimuth, sky.sun_elevation)
    direct = luminance(within(radiance, towards, 2.5)).item()
    diffuse = luminance(level_irradiance(radiance)).item() - direct * max(towards[2].item(), 0)
    if sky.time == Time.MOON:
        return "moon" if direct / diffuse > 0.03 else "none"
    return "sun" if sky.sun_elevation > 0 and direct / diffuse > VISIBLE else "none"


def judge(
    skies: list[SkyParameters], pictures: Tensor, saturated: float
) -> tuple[dict[str, list[float]], Counter[tuple[str, str]]]:
    """Measures of all pictures with a visible sun that was found, and how often what was taken for what."""
    measures: dict[str, list[float]] = {name: [] for name in ("angle", "share", "clipped", "restored")}
    kinds: Counter[tuple[str, str]] = Counter()
    for sky, true in zip(skies, pictures, strict=True):
        picture, white = photograph(true, saturated)
        lit: Lit = light_panorama(picture, Job(prompt="a"), clips=True)
        kind = truth(sky, true)
        kinds[kind, lit.light.kind] += 1
        if not kind == lit.light.kind == "sun":
            continue
        towards = direction(sky.sun_azimuth, sky.sun_elevation)
        found = direction(lit.light.azimuth, lit.light.elevation)
        measures["angle"].append(degrees_from(towards, found).item())
        real, restored = direct_share(true, towards), direct_share(lit.radiance, found)
        measures["share"].append(abs(restored / real - 1))
        measures["clipped"].append(pu21_psnr(picture * white, true))
        measures["restored"].append(pu21_psnr(lit.radiance * white, true))
    return measures, kinds


def nights(rng: random.Random) -> list[SkyParameters]:
    """Moonlit ones, others, and, as many as moonlit ones, under a waxing or waning moon."""
    plain = [sample_parameters(rng, time=Time.NIGHT) for _ in range(2 * NIGHTS)]
    above_city = [replace(night, city=rng.uniform(0, 360), skyline=rng.random() < 0.5) for night in plain[NIGHTS:]]
    polar = [sample_parameters(rng, time=Time.NIGHT, aurora=True) for _ in range(NIGHTS)]
    moonlit = [sample_parameters(rng, time=Time.MOON) for _ in range(MOONS)]
    thin = [replace(night, moon_phase=rng.choice((1, -1)) * rng.uniform(*THIN) % 1) for night in moonlit]
    return moonlit + plain[:NIGHTS] + above_city + polar + thin


def judge_nights(renderer: SkyRenderer, height: int, saturated: float) -> Counter[tuple[str, str]]:
    """How often what was taken for what, in nights that :func:`judge` has not seen. A dim moon is one behind clouds."""
    kinds: Counter[tuple[str, str]] = Counter()
    for night in nights(random.Random(2027)):
        true = renderer.render([night], height)[0]
        kind = truth(night, true)
        if night.time == Time.MOON:
            kind = "dim moon" if kind == "none" else "thin moon" if night.moon_phase != 0.5 else "moon"
        kinds[kind, find_spot(photograph(true, saturated)[0]).kind] += 1
    return kinds


def judge_dark(skies: list[SkyParameters], pictures: Tensor) -> Counter[tuple[str, str]]:
    """How often what was taken for what, in pictures that are two stops too dark."""
    return Counter(
        (truth(sky, true), find_spot(photograph(true, SATURATED[0], DARK)[0]).kind)
        for sky, true in zip(skies, pictures, strict=True)
    )


def compare_photographs(folder: Path) -> None:
    """Print what is restored of each HDR panorama in *folder*."""
    print("| HDRI | brightest place's share | taken for | angle | direct share | PU21-PSNR clipped | restored |")
    print("|---|---|---|---|---|---|---|")
    for file in sorted(folder.glob("*.exr")):
        true = resized(read_radiance(file), PHOTOGRAPH)
        sun = brightest(true)
        picture, white = photograph(true, SATURATED[1])
        lit = light_panorama(picture, Job(prompt="a"), clips=True)
        angle, share = "", ""
        if lit.light.kind != "none":
            found = direction(lit.light.azimuth, lit.light.elevation)
            angle = f"{degrees_from(sun, found).item():.1f}°"
            share = f"{direct_share(lit.radiance, found):.2f}"
        decibels = (f"{pu21_psnr(seen * white, true):.1f} dB" for seen in (picture, lit.radiance))
        cells = (file.stem, f"{direct_share(true, sun):.2f}", lit.light.kind, angle, share, *decibels)
        print(f"| {' | '.join(cells)} |", flush=True)


def brightest(radiance: Tensor) -> Tensor:
    """Unit vector ``[3]`` to where most light comes from within a degree or so."""
    smooth = box_filter(luminance(radiance), max(1, round(radiance.shape[1] / 180)))
    return directions(radiance.shape[1]).flatten(1)[:, smooth.argmax()]


def write(folder: Path) -> None:
    """A noon with scattered clouds, its clipped picture and the restored one, as EXR."""
    sky = sample_parameters(
        random.Random(3), time=Time.NOON, clouds=Clouds.SCATTERED, sun_elevation=45, sun_azimuth=225
    )
    true = SkyRenderer(seed=7).render([sky], 256)[0]
    picture, white = photograph(true, 0.02)
    pictures = {"truth": (true, "off"), "clipped": (picture * white, "off"), "restored": (picture, "auto")}
    for name, (radiance, sun) in pictures.items():
        job = Job(prompt="a", sun=sun)
        lit = light_panorama(radiance, job, clips=name == "restored")
        gain = white if name == "restored" else 1.0
        light = brighter(lit.light, gain)
        folder.mkdir(parents=True, exist_ok=True)
        write_exr(folder / f"{name}.exr", lit.radiance * gain, job.to_dict(), job.to_dict(), light)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=96)
    parser.add_argument("--heights", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="one sky three times, for light_balls.py")
    parser.add_argument("--hdris", type=Path, metavar="FOLDER", help="HDR photographs, in place of rendered skies")
    chosen = parser.parse_args()
    if chosen.hdris:
        compare_photographs(chosen.hdris)
        return 0
    if chosen.write:
        write(chosen.write)
        return 0
    rng, renderer = random.Random(2026), SkyRenderer(seed=7)
    skies = [sample_parameters(rng) for _ in range(chosen.skies)]
    kinds: Counter[tuple[str, str]] = Counter()
    dark: dict[int, Counter[tuple[str, str]]] = {}
    print(
        "| size | saturated | suns | angle, median (p90) | direct share, median error | within 25 % "
        "| PU21-PSNR clipped | restored |\n|---|---|---|---|---|---|---|---|"
    )
    for height in chosen.heights:
        batches = [renderer.render(skies[i : i + 8], height) for i in range(0, len(skies), 8)]
        pictures = torch.cat(batches)
        for saturated in SATURATED:
            found, kinds = judge(skies, pictures, saturated)
            angles, shares = sorted(found["angle"]), found["share"]
            print(
                f"| {2 * height} x {height} | {saturated:.0%} | {len(angles)} | {statistics.median(angles):.2f}° "
                f"({angles[int(0.9 * len(angles))]:.1f}°) | {statistics.median(shares):.0%} "
                f"| {sum(share < 0.25 for share in shares) / len(shares):.0%} "
                f"| {statistics.mean(found['clipped']):.1f} dB | {statistics.mean(found['restored']):.1f} dB |",
                flush=True,
            )
        dark[height] = judge_dark(skies, pictures)
    print_kinds("truth", kinds)
    for height in chosen.heights:
        print_kinds(f"truth, too dark, {2 * height} x {height}", dark[height])
        print_kinds(f"truth, nights of {2 * height} x {height}", judge_nights(renderer, height, SATURATED[0]))
    return 0


def print_kinds(title: str, kinds: Counter[tuple[str, str]]) -> None:
    names = ("sun", "moon", "none")
    print(f"\n| {title} | taken for sun | moon | none |\n|---|---|---|---|")
    for kind in ("sun", "moon", "thin moon", "dim moon", "none"):
        if any(kinds[kind, taken] for taken in names):
            print(f"| {kind} | {' | '.join(str(kinds[kind, taken]) for taken in names)} |")


if __name__ == "__main__":
    sys.exit(main())
