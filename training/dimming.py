"""Fits where a sun stands in a clipped picture's white and how much it is dimmed: engine/light/networks.json.

    python -m training.dimming [--skies 1200]

Renders of three sizes are photographed at four exposures, the last of them any, by a camera of another white balance.
Writes the weights, and prints how far the place and the direct share of the light are off on other renders.
"""

import argparse
import json
import math
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from benchmarks.light import CONE, SATURATED, direct_share, photograph, truth
from engine.light import rings
from engine.light.clear_sky import CLEAR, direct_to_diffuse
from engine.light.detection import find_spot, look_around
from engine.light.dimming import measures
from engine.light.highlights import expand
from engine.light.photometry import level_irradiance, luminance, within
from engine.light.placing import inputs, offset, placed
from engine.light.rings import Network, rings_of
from engine.sky import SkyParameters, SkyRenderer, Time, sample_parameters
from engine.sphere.equirectangular import azimuth_elevation, degrees_from, direction, directions
from engine.sphere.gnomonic import frame

FILE = Path(rings.__file__).with_name("networks.json")
SEEDS = {128: 1, 256: 5, 512: 4}  # by height: skies of their own for each
VALLEYS = 6, 256  # seed and height of low suns in valleys, half as many as skies of a height
GAP = 0.3, 6.0  # degrees from such a sun down to the ground; the renderer's one depth would tell where each sun is
OTHER = 2  # seed of the skies that are not fitted
SEEN_AT = 128  # rows, as detection looks at
LEAST, MOST = 0.003, 0.07  # share of the sky that the last exposure saturates
BALANCE = 0.1  # spread of the log of red and blue against green
NEAR = 10.0  # degrees: a spot there is the sun, or the cloud before it
STARTS, START = 2, 0.7  # places near the sun that it is also looked for from; degrees, typically
PLAIN = 700  # drawn glows
SUN_CONE = 2.5  # degrees: see engine/light/sun.py
UNITS = 6
EPOCHS, BATCH, RATE, DECAY = 30, 128, 3e-3, 0.1
SMALL = 0.1  # degrees: smaller errors of the place count less
FAR_OFF = 0.2  # log ratio of the direct shares; farther off is hardly worse


@dataclass(frozen=True)
class Example:
    """picture: ``[3, 128, 256]``, half precision. found, sun: unit vectors. share: of direct light on level ground."""

    picture: Tensor
    found: Tensor
    sun: Tensor
    share: float
    height: int
    saturated: float

    def look(self, towards: Tensor) -> rings.Rings:
        return rings_of(look_around(self.picture.float(), towards))


def rendered(skies: int, seed: int, height: int) -> list[Example]:
    """Of suns that are seen and found."""
    rng, renderer, camera = random.Random(seed), SkyRenderer(seed=seed), random.Random(seed)
    examples: list[Example] = []
    for _ in range(skies):
        sky = sample_parameters(rng)
        if sky.time not in (Time.DUSK, Time.NIGHT, Time.MOON):
            examples += photographed(sky, renderer.render([sky], height)[0], camera, height)
    return examples


def valleys(skies: int) -> list[Example]:
    """Of low suns among mountains, in gaps of any depth."""
    seed, height = VALLEYS
    rng, renderer, camera = random.Random(seed), SkyRenderer(seed=seed), random.Random(seed)
    examples: list[Example] = []
    for _ in range(skies):
        sky = sample_parameters(rng, time=rng.choice((Time.MORNING, Time.GOLDEN, Time.SUNSET)), mountains=True)
        sky = replace(sky, gap=rng.uniform(*GAP))
        examples += photographed(sky, renderer.render([sky], height)[0], camera, height)
    return examples


def photographed(sky: SkyParameters, radiance: Tensor, camera: random.Random, height: int) -> list[Example]:
    """The pictures of a sky in which its sun is seen and found."""
    if truth(sky, radiance) != "sun":
        return []
    examples = []
    sun = direction(sky.sun_azimuth, sky.sun_elevation)
    share = direct_share(radiance, sun)
    red, blue = (math.exp(camera.gauss(0, BALANCE)) for _ in range(2))
    balanced = radiance * torch.tensor([red, 1, blue])[:, None, None]
    any_share = math.exp(camera.uniform(math.log(LEAST), math.log(MOST)))
    shots = [(radiance, saturated) for saturated in SATURATED] + [(balanced, any_share)]
    for shot, saturated in shots:
        picture, _ = photograph(shot, saturated)
        spot = find_spot(picture)
        if spot.kind == "sun" and degrees_from(spot.towards, sun) < NEAR:
            small = adaptive_avg_pool2d(picture, (SEEN_AT, 2 * SEEN_AT)).half()
            examples.append(Example(small, spot.towards, sun, share, height, saturated))
    return examples


def plain(count: int) -> list[Example]:
    """Round glows of any size and colour in plain skies, in whose middle the sun is: painters draw them so, and renders
    alone would teach that it never is."""
    rng, examples = random.Random(0), []
    towards = directions(SEEN_AT)
    for _ in range(count):
        sun = direction(rng.uniform(0, 360), 0.5 + 89.5 * rng.random() ** 2)
        above, level, ground, colour = torch.tensor([[rng.uniform(0.02, 0.6) for _ in range(3)] for _ in range(4)])
        angle = degrees_from(sun, towards) / rng.uniform(1, 10)
        glow = rng.uniform(1, 6) * (torch.exp(-angle) if rng.random() < 0.5 else 1 / (1 + angle.square()))
        sky = level[:, None, None].lerp(above[:, None, None], towards[2].clamp(min=0).sqrt())
        sky = torch.where(towards[2] > 0, sky, ground[:, None, None] * rng.random())
        lit = glow * (1 - colour[:, None, None]) * ((towards[2] > 0) | (rng.random() < 0.5))
        picture = (sky + lit).clamp(max=1)
        found = find_spot(picture).towards
        if degrees_from(found, sun) < NEAR:
            examples.append(Example(picture.half(), found, sun, math.nan, SEEN_AT, math.nan))
    return examples


def fit_place(examples: Sequence[Example]) -> Network:
    """From where the sun was found, and from places near it."""
    rng, seen, mirror, off = random.Random(0), [], [], []
    for example in examples:
        azimuth, elevation = azimuth_elevation(example.sun)
        starts = [example.found]
        for _ in range(STARTS):
            spread = START * math.exp(rng.gauss(0, 0.6))
            aside = rng.gauss(0, spread) / max(0.1, math.cos(math.radians(elevation)))
            starts.append(direction(azimuth + aside, min(89.9, max(0.3, elevation + rng.gauss(0, spread)))))
        for start in starts:
            here, there = inputs(example.look(start))
            seen.append(here)
            mirror.append(there)
            off.append(seen_from(start, example.sun))
    here, there, away = torch.stack(seen), torch.stack(mirror), torch.stack(off)

    def loss(net: Network, some: Tensor) -> Tensor:
        error = offset(net, here[some], there[some]) - away[some]
        return (error.square().sum(1) + SMALL**2).sqrt().mean()

    return descend(loss, torch.cat([here, there]), len(here), 2)


def seen_from(start: Tensor, sun: Tensor) -> Tensor:
    """Degrees to the right and up of *start* that *sun* is, ``[2]``."""
    right, up, _ = frame(*azimuth_elevation(start), like=start)
    side = torch.stack([right @ sun, up @ sun])
    return degrees_from(start, sun) * side / side.norm().clamp(min=1e-9)


@dataclass(frozen=True)
class Lights:
    """On level ground, ``[n]``. clear: direct over diffuse light of a clear sky. diffuse: in the restored picture.
    glow, wide: what it has within 2.5 degrees of the sun, and from there to where a share's cone ends. share: the true.
    """

    clear: Tensor
    diffuse: Tensor
    glow: Tensor
    wide: Tensor
    share: Tensor

    def log_error(self, depth: Tensor, some: Tensor | slice = slice(None)) -> Tensor:
        """Log of the direct share that a sun of optical *depth* has, over the true one, as engine/light/sun.py adds
        it."""
        direct = torch.maximum(self.clear[some] * (-depth).exp() * self.diffuse[some], self.glow[some])
        share = (direct + self.wide[some]) / (direct + self.diffuse[some])
        return (share / self.share[some]).log()


def lights(examples: Sequence[Example], places: Sequence[Tensor]) -> Lights:
    rows = []
    for example, towards in zip(examples, places, strict=True):
        up = max(towards[2].item(), 0.0)
        lit = expand(example.picture.float(), towards)
        near, wide = (luminance(within(lit, towards, cone)).item() * up for cone in (SUN_CONE, CONE))
        diffuse = luminance(level_irradiance(lit)).item() - near
        clear = direct_to_diffuse(azimuth_elevation(towards)[1], CLEAR)
        rows.append((clear, diffuse, near, wide - near, example.share))
    return Lights(*torch.tensor(rows).T)


def fit_depth(examples: Sequence[Example], places: Sequence[Tensor]) -> Network:
    seen = torch.stack([measures(example.look(place)) for example, place in zip(examples, places, strict=True)])
    known = lights(examples, places)

    def loss(net: Network, some: Tensor) -> Tensor:
        error = known.log_error(net(seen[some])[:, 0], some)
        return (error.square() / (error.square() + FAR_OFF**2) + 0.1 * error.abs()).mean()

    return descend(loss, seen, len(seen), 1)


def descend(loss: Callable[[Network, Tensor], Tensor], seen: Tensor, count: int, outputs: int) -> Network:
    """The network of least *loss* on *count* examples, of which some are told at a time, that sees the like of *seen*
    ``[n, inputs]``."""
    torch.manual_seed(0)
    mean, spread = seen.mean(0), seen.std(0) + 0.03
    width = seen.shape[1]
    inner = torch.cat([torch.zeros(UNITS, 1), torch.randn(UNITS, width) / math.sqrt(3 * width)], 1).requires_grad_()
    outer = torch.zeros(outputs, 1 + UNITS, requires_grad=True)
    optimizer = torch.optim.AdamW([inner, outer], RATE, weight_decay=DECAY)
    steps = EPOCHS * (count // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)

    def net() -> Network:
        slopes = inner[:, 1:] / spread
        return Network(torch.cat([inner[:, :1] - (slopes @ mean)[:, None], slopes], 1), outer)

    for _ in range(EPOCHS):
        for some in torch.randperm(count)[: count // BATCH * BATCH].split(BATCH):
            optimizer.zero_grad()
            loss(net(), some).backward()
            torch.nn.utils.clip_grad_norm_([inner, outer], 1.0)
            optimizer.step()
            schedule.step()
    found = net()
    return Network(found.inner.detach(), found.outer.detach())


def write(file: Path, nets: dict[str, Network]) -> None:
    """A row of weights per line."""
    parts = []
    for name, net in nets.items():
        layers = []
        for layer, weights in (("inner", net.inner), ("outer", net.outer)):
            rows = (json.dumps([float(f"{weight:.3g}") for weight in row]) for row in weights.tolist())
            layers.append(f'  "{layer}": [\n   ' + ",\n   ".join(rows) + "\n  ]")
        parts.append(f' "{name}": {{\n' + ",\n".join(layers) + "\n }")
    file.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    rings.network.cache_clear()


def places_of(examples: Sequence[Example]) -> list[Tensor]:
    return [placed(partial(look_around, example.picture.float()), example.found) for example in examples]


def report(examples: Sequence[Example]) -> str:
    places, depth = places_of(examples), rings.network("depth")
    off = [degrees_from(place, example.sun).item() for place, example in zip(places, examples, strict=True)]
    before = [degrees_from(example.found, example.sun).item() for example in examples]
    seen = torch.stack([measures(example.look(place)) for example, place in zip(examples, places, strict=True)])
    shares = (lights(examples, places).log_error(depth(seen)[:, 0]).exp() - 1).abs()
    return (
        f"{len(off)} suns, off by {statistics.median(off):.2f} degrees (median), by {statistics.median(before):.2f} "
        f"before; direct share by {shares.median():.0%} (median), {(shares < 0.25).float().mean():.0%} within 25 %"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=1200, help="at each size")
    chosen = parser.parse_args()
    skies = [example for height, seed in SEEDS.items() for example in rendered(chosen.skies, seed, height)]
    fit([*skies, *valleys(chosen.skies // 2)])
    for height in SEEDS:
        others = rendered(chosen.skies // 3, OTHER, height)
        for saturated in SATURATED:
            if some := [example for example in others if example.saturated == saturated]:
                print(f"other renders, {height}, {saturated:.0%} saturated: {report(some)}", flush=True)
    return 0


def fit(examples: Sequence[Example]) -> None:
    """Write the weights: the sun is dimmed at the place that the network for places tells."""
    nets = {"place": fit_place([*examples, *plain(PLAIN)])}
    write(FILE, nets)
    write(FILE, nets | {"depth": fit_depth(examples, places_of(examples))})


if __name__ == "__main__":
    sys.exit(main())
