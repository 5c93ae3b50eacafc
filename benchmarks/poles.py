"""Ways to paint the poles: cap views, one after the other; 18 tangent views denoised together; other noise.

    python -m benchmarks.poles [--prompts TEXT ...] [--seed 1] [--out out/poles] [--without-joint]

Caps are what the engine does (engine/refinement.py). Joint is SyncTweedies' way on a sphere (arXiv 2403.14370; 18
views of 90 degrees, to the sides and edges of a cube, see every direction twice or more; weights that fall off from the
middle of a view, as in SphereDiff, 2504.14396): each view has its own noisy latents, and in every step the pictures of
all clean predictions are laid on one sphere and read from it again. Both begin with the same composition, with as much
noise and as many steps. Aware is a composition from noise that is as coarse on the sphere at every latitude. Pole
ratios, zenith and nadir (see engine.metrics; 0 is one point), and CPU seconds. The skies' views to the zenith and the
nadir stay in --out.
"""

import argparse
import itertools
import math
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn.functional import avg_pool2d, normalize  # noqa: E402

from benchmarks.sizes import PROMPTS  # noqa: E402
from engine.composition import compose, denoisers, encode  # noqa: E402
from engine.job import Job  # noqa: E402
from engine.metrics import pole_ratio, seam_ratio  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.models.model import Model  # noqa: E402
from engine.output.pictures import save_png  # noqa: E402
from engine.plan import plan  # noqa: E402
from engine.precision import Precision  # noqa: E402
from engine.refinement import _CAP_DETAIL, _TONES, Refiner, _with_tones  # noqa: E402
from engine.sampling.samplers import Denoiser  # noqa: E402
from engine.sphere.equirectangular import azimuth_elevation, directions  # noqa: E402
from engine.sphere.gnomonic import View, render  # noqa: E402
from engine.sphere.resampling import at_pixels, reader  # noqa: E402
from engine.trace import starting_noise  # noqa: E402


class Sphere:
    """18 views, and where their pixels lie on a panorama of *height* rows."""

    def __init__(self, size: int, height: int) -> None:
        sides = [side for side in itertools.product((-1.0, 0.0, 1.0), repeat=3) if 0 < sum(map(abs, side)) < 3]
        looks = (azimuth_elevation(normalize(torch.tensor(side), dim=0)) for side in sides)
        self.views = [View(*look, 90.0, size) for look in looks]
        self.height = height
        towards = directions(height)
        self._places = [view.pixels(towards) for view in self.views]

    def seen(self, panorama: Tensor) -> Tensor:
        """The views ``[18, C, n, n]`` of a panorama ``[C, H, 2 H]``."""
        return torch.cat([render(reader(panorama), panorama.shape[1], view, "bicubic")[None] for view in self.views])

    def laid(self, pictures: Tensor) -> Tensor:
        """The panorama of *pictures* ``[18, C, n, n]``, each fading out towards its edge."""
        total, weights = torch.zeros(pictures.shape[1], self.height, 2 * self.height), torch.zeros(())
        for picture, (row, column, seen) in zip(pictures, self._places, strict=True):
            middle = picture.shape[1] / 2
            scale = picture.shape[1] / self.views[0].size
            row, column = ((place + 0.5) * scale - 0.5 for place in (row, column))
            inside = [(1 - (place + 0.5 - middle).abs() / middle).clamp(min=1e-3) for place in (row, column)]
            weight = inside[0] * inside[1] * seen
            total += at_pixels(picture[None], row, column, "bicubic") * weight
            weights = weights + weight
        return total / weights


def jointly(picture: Tensor, refiner: Refiner, model: Model, denoise: Denoiser, steps: int) -> Tensor:
    """The panorama *picture* ``[3, H, 2 H]`` refined in all views together."""
    size = model.native_height * model.paint_scale
    sphere, everything = Sphere(size, picture.shape[1]), torch.arange(18)
    window = (model.native_height // model.factor,) * 2
    solver, levels = refiner._solver(_CAP_DETAIL, steps, window)
    pictures = sphere.seen(picture)
    latents = model.encode(avg_pool2d(pictures, model.paint_scale), wraps=False)
    x = x0 = solver.noise_to(levels[0], latents, torch.randn(latents.shape, generator=torch.Generator().manual_seed(1)))
    for index in levels:
        x0 = denoise(x, solver.levels[index], everything)
        shown = model.decode(x0, wraps=False)
        again = avg_pool2d(sphere.seen(sphere.laid(shown)), model.paint_scale)
        x0 = x0 + model.encode(again, wraps=False) - model.encode(shown, wraps=False)  # what a decode loses stays
        x0 = torch.stack(
            [_with_tones(own, reader(begun), _TONES * window[0], False) for own, begun in zip(x0, latents, strict=True)]
        )
        x = solver.step(index, x, x0)
    painted = [model.finish(each, wraps=False) for each in model.paint(x0, wraps=False).float()]
    return _with_tones(sphere.laid(torch.stack(painted)), reader(picture), _TONES * size, True)


def caps(picture: Tensor, refiner: Refiner) -> Tensor:
    mending = refiner.mend(picture.clone(), None)
    while True:
        try:
            next(mending)
        except StopIteration as end:
            return end.value


def latitude_aware(noise: Tensor) -> Tensor:
    """*noise* ``[1, C, h, w]`` without what is finer, on the sphere, near a pole than at the horizon; unit variance."""
    rows, columns = noise.shape[2:]
    latitude = (torch.arange(rows) + 0.5) / rows * math.pi - math.pi / 2
    waves = torch.arange(columns // 2 + 1) <= (columns / 2 * latitude.cos()).clamp(min=1)[:, None]
    kept = (2 * waves.sum(1, keepdim=True) / columns).clamp(max=1)
    return torch.fft.irfft(torch.fft.rfft(noise) * waves, n=columns) / kept.sqrt()


@torch.no_grad()
def compare(chosen: argparse.Namespace) -> None:
    chosen.out.mkdir(parents=True, exist_ok=True)
    models = WarmModel()
    print("| prompt | poles | zenith, nadir | seam | CPU s |")
    print("|---|---|---|---|---|")
    for number, prompt in enumerate(chosen.prompts):
        job = Job(prompt=prompt, model=chosen.model, seed=chosen.seed)
        model = models.get(job.model, torch.device("cpu"))
        todo = plan(job, model)
        conditions, precision = encode(todo.job, model), Precision()
        noise = starting_noise(None, (1, model.channels, *todo.canvas), chosen.seed)

        def composed(noise: Tensor) -> Tensor:
            *_, step = compose(todo, models, model, conditions, noise, None, precision)  # noqa: B023
            return model.finish(model.paint(step.x, wraps=True)[0].float(), wraps=True)  # noqa: B023

        picture, aware = composed(noise), composed(latitude_aware(noise))
        denoise = denoisers(todo, model, conditions, precision)[0]
        ways = {
            "as composed": lambda _: picture,  # noqa: B023
            "caps": lambda refiner: caps(picture, refiner),  # noqa: B023
            "aware": lambda _: aware,  # noqa: B023
            "aware, caps": lambda refiner: caps(aware, refiner),  # noqa: B023
        }
        if not chosen.without_joint:
            ways["joint"] = lambda refiner: jointly(picture, refiner, model, denoise, refiner._cap_steps)  # noqa: B023
        for name, way in ways.items():
            began = time.process_time()
            made = way(Refiner(todo, model, conditions, precision))
            seconds = time.process_time() - began
            shown = model.transfer.to_display(made)
            zenith, nadir = pole_ratio(shown)
            cells = (prompt, name, f"{zenith:.2f}, {nadir:.2f}", f"{seam_ratio(shown):.2f}", f"{seconds:.1f}")
            print(f"| {' | '.join(cells)} |", flush=True)
            radiance = model.transfer.to_radiance(made)
            views = [View(90, 90, 100.0, 480), View(90, -90, 100.0, 480), View(90, 30, 100.0, 480)]
            row = torch.cat([render(reader(radiance), radiance.shape[1], view) for view in views], 2)
            save_png(chosen.out / f"{number}-{name.replace(' ', '-')}.png", row, {})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="sky-small")
    parser.add_argument("--prompts", nargs="*", default=list(PROMPTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-joint", action="store_true", help="leave out what takes minutes for each sky")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "poles")
    compare(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
