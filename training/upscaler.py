"""Teach a finished model to enlarge its own skies: ``python -m training.upscaler MODEL_DIR``.

An upscaler for the last factor of two, of Real-ESRGAN's compact architecture (arXiv 2107.10833), which the engine loads
like any other. Half of each batch are pieces of renders, halved and often blurred, which it has to give back. The rest
are pieces of what the model paints, of which there is no larger truth: they keep their tones, and a critic that sees
only what is fine should take them for renders.
"""

import argparse
import json
import math
import random
import shutil
from importlib import import_module
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.light.transfer import log_to_radiance, tonemap
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.upscaling import spandrel_package

from .adversary import Adversary, FineCritic
from .checkpoint import Trainee
from .crops import SIDE, painted_skies, render_pieces
from .curve import draw_curve
from .export import CARD, write_card
from .settings import PRESETS, Settings
from .train import RUNS
from .unet import share_of_rate

FILE = "upscaler/model.safetensors"
_SHOWN, _MARGIN = 128, 8  # pixels of a side that losses see, and more that the network sees, after
_ALONE, _JOINING = 0.2, 0.05  # shares of the time before the critic joins, and until it counts as much as the rest
_LAYERS = (0.3, 0.2, 0.1)  # weights of VGG's activations
_SLOPE = 0.25  # of PReLU, below zero, to begin with
_EDGE_GAIN, _BEGINNING = 15, 0.02  # of the first layer's filters of edges, and of the last layer
_BLUR = (0.3, 1.8)  # pixels, after
_TAPS = 6  # to each side of a blurred pixel
_NOISE = 0.002
_KEY = 0.18  # radiance to which a dark piece may be brightened


def train_upscaler(run: Path, model: Path, settings: Settings, device: torch.device) -> Path:
    """Teach an upscaler for the *model* folder, with all that is made on the way in *run*. Returns a copy of the model
    that has it."""
    torch.set_num_threads(settings.threads)
    taught = run / "model"
    shutil.rmtree(taught, ignore_errors=True)
    shutil.copytree(model, taught)
    card = json.loads((taught / CARD).read_text(encoding="utf-8"))
    write_card(taught, {name: value for name, value in card.items() if name != "upscaler"})
    renders = render_pieces(run / "renders", settings)
    painted = painted_skies(run / "painted", taught, settings)
    learnt = _train(run / "upscaler", renders, painted, settings, device)
    draw_curve(run / "upscaler", "Upscaler")
    (taught / FILE).parent.mkdir(exist_ok=True)
    save_file({name: value.half().cpu().contiguous() for name, value in learnt.state_dict().items()}, taught / FILE)
    (taught / FILE).chmod(0o644)
    write_card(taught, card | {"upscaler": FILE})
    return taught


def new_upscaler(channels: int, convolutions: int) -> nn.Module:
    """One that nearly repeats pixels. It has no shortcuts and no normalisation: with PyTorch's own weights next to
    nothing of a picture would come through, and of what does, most would be how light it is."""
    compact = import_module(f"{spandrel_package().__name__}.architectures.Compact").Compact
    network: nn.Module = compact(num_feat=channels, num_conv=convolutions, upscale=2)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
            nn.init.zeros_(layer.bias)
        edges = layers[0].weight[: channels * 2 // 3]
        edges.sub_(edges.mean((2, 3), keepdim=True)).mul_(_EDGE_GAIN)
        layers[-1].weight.mul_(_BEGINNING)
    return network


def _train(
    folder: Path, renders: list[Tensor], painted: list[Tensor], settings: Settings, device: torch.device
) -> nn.Module:
    """Train until the stage's minutes are used, on from the checkpoint in *folder* if there is one.

    Returns the moving average.
    """
    torch.manual_seed(settings.seed)
    network = new_upscaler(settings.upscaler_channels, settings.upscaler_convolutions).to(device)
    trainee = Trainee(network, folder, settings.upscaler_rate, settings.upscaler_minutes, average=0.998)
    critic = Adversary(FineCritic(), folder / "adversary", settings.upscaler_minutes, device, strength=1.0, rate=5e-4)
    vgg = PerceptualDistance("vgg").to(device).network
    while (progress := trainee.progress) < 1:
        rng = random.Random(settings.seed * 1_000_003 + trainee.step)
        alone, count = progress < _ALONE, settings.upscaler_batch
        own = _of_skies(painted, rng, 0 if alone else count // 2).to(device)
        small, large = (some.to(device) for some in _of_renders(renders, rng, count - len(own)))
        given, invented = _enlarged(network, torch.cat([small, own])).split([len(small), len(own)])
        exposures = _exposures(torch.cat([large, invented.detach()]), rng)
        shown = _shown(torch.cat([given, invented]), exposures)
        truth = _shown(large, exposures[: len(large)])
        loss = _apart(given, large) + _unlike(shown[: len(large)], truth, vgg)
        if alone:
            trainee.update(loss, share_of_rate(progress))
        else:
            loss = loss + _moved(invented, own)
            fooled = critic.term(shown, loss, network.get_submodule("body")[-1].weight)
            trainee.update(loss + min(1.0, (progress - _ALONE) / _JOINING) * fooled, share_of_rate(progress))
            critic.learn(shown, truth)
        trainee.tell(settings.log_every, loss=loss.item())
        if trainee.minutes_since_saved > settings.save_minutes:
            trainee.save()
            critic.save()
    trainee.save()
    critic.save()
    return trainee.averaged


def _enlarged(network: nn.Module, small: Tensor) -> Tensor:
    """What *network* makes of codes in [0, 1], without the margin. As its own forward pass, but that neither what it
    sees nor what it adds to is rounded to 16 bits, which are as coarse as what there is to be learnt."""
    first, *layers = network.get_submodule("body")
    added = first(small)
    with torch.autocast(small.device.type, torch.bfloat16):
        for layer in layers:
            added = layer(added)
    whole = F.pixel_shuffle(added.float(), 2) + F.interpolate(small, scale_factor=2.0, mode="nearest")
    return whole[..., _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def _of_renders(renders: list[Tensor], rng: random.Random, count: int) -> tuple[Tensor, Tensor]:
    """Codes in [0, 1] of pieces of renders, half as large with a margin, and as large as they should come back."""
    side, pieces = _SHOWN + 2 * _MARGIN, []
    for _ in range(count):
        band = rng.choice(renders)
        pieces.append(_cut(band[rng.randrange(len(band))], side, rng, SIDE, 0))
    large = torch.stack(pieces)
    blurred = [_blurred(one, rng.uniform(*_BLUR)) if rng.random() < 0.5 else one for one in large]
    small = F.avg_pool2d(torch.stack(blurred), 2)
    noise = torch.randn(small.shape, generator=torch.Generator().manual_seed(rng.randrange(1 << 31)))
    return small + _NOISE * noise, large[..., _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def _of_skies(painted: list[Tensor], rng: random.Random, count: int) -> Tensor:
    """Codes in [0, 1] of pieces of painted skies, with a margin and not from their poles."""
    side = _SHOWN // 2 + _MARGIN
    skies = [rng.choice(painted) for _ in range(count)]
    pieces = [_cut(sky, side, rng, round(0.83 * sky.shape[1]), round(0.1 * sky.shape[1])) for sky in skies]
    return torch.stack(pieces) if pieces else torch.empty(0, 3, side, side)


def _cut(picture: Tensor, side: int, rng: random.Random, bottom: int, top: int) -> Tensor:
    """A piece of *picture* ``[3, h, w]`` between the rows *top* and *bottom*, mirrored now and then, as [0, 1]."""
    row, column = rng.randrange(top, bottom - side + 1), rng.randrange(picture.shape[2] - side + 1)
    piece = (picture[:, row : row + side, column : column + side].float() + 1) / 2
    return (piece.flip(2) if rng.random() < 0.5 else piece).clamp(0, 1)


def _blurred(picture: Tensor, spread: float) -> Tensor:
    """*picture* ``[3, h, w]`` under a Gaussian of so many pixels."""
    taps = torch.exp(-((torch.arange(-_TAPS, _TAPS + 1) / spread) ** 2) / 2)
    taps = (taps / taps.sum()).view(1, 1, 1, -1)
    framed = F.pad(picture[:, None], (_TAPS,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(framed, taps), taps.mT)[:, 0]


def _exposures(codes: Tensor, rng: random.Random) -> Tensor:
    """Stops ``[n, 1, 1, 1]`` by which a dark piece is brightened in part, and all change a little."""
    light = log_to_radiance(F.avg_pool2d(codes, 8) * 2 - 1).mean(1).clamp(min=1e-4).log2().mean((1, 2))
    chance = torch.tensor([[rng.random(), rng.random()] for _ in codes], device=codes.device)
    stops = (math.log2(_KEY) - light).clamp(-2, 6) * chance[:, 0] + chance[:, 1] - 0.5
    return stops[:, None, None, None]


def _shown(codes: Tensor, exposures: Tensor) -> Tensor:
    return tonemap(log_to_radiance(codes * 2 - 1) * 2**exposures)


def _apart(given: Tensor, large: Tensor) -> Tensor:
    """Of what has a truth: absolute differences, of pixels and of what is larger."""
    return 30 * (given - large).abs().mean() + 20 * F.avg_pool2d(given - large, 8).abs().mean()


def _unlike(shown: Tensor, truth: Tensor, vgg: nn.Module) -> Tensor:
    """How far what VGG sees in its first layers is apart."""
    apart = torch.zeros((), device=shown.device)
    a, b = (vgg.scaling_layer(some * 2 - 1) for some in (shown, truth))
    for number, weight in enumerate(_LAYERS, 1):
        for layer in getattr(vgg.net, f"slice{number}"):
            with torch.autocast(shown.device.type, torch.bfloat16, enabled=a.shape[1] > 3):  # see _enlarged
                a, b = layer(a), layer(b)
        apart = apart + weight * (a - b).abs().mean().float()
    return apart


def _moved(invented: Tensor, own: Tensor) -> Tensor:
    """How far tones are from those of what a piece was made of."""
    edge = _MARGIN // 2
    apart = F.avg_pool2d(invented, 8) - F.avg_pool2d(own[..., edge:-edge, edge:-edge], 4)
    return apart.abs().mean() + 40 * F.avg_pool2d(apart, 4).abs().mean()


def main() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    fitting = "gpu" if device.type == "cuda" else "cpu"
    parser.add_argument("model", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--preset", choices=PRESETS, default=fitting, help="default: what fits this machine")
    arguments = parser.parse_args()
    taught = train_upscaler(RUNS / "upscaler", arguments.model, PRESETS[arguments.preset], device)
    print(f"The model with its upscaler is in {taught}")


if __name__ == "__main__":
    main()
