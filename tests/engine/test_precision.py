"""Half precision: used where it is safe, given up where it fails, and told."""

import pytest
import torch
from torch.nn import functional

from engine.devices import choose_device
from engine.errors import BadRequest
from engine.job import Job
from engine.models.loading import WarmModel
from engine.models.model import Model
from engine.perceptual.distance import Distance, Features
from engine.pipeline import generate
from engine.precision import Precision, half_type, resolve
from engine.protocol import Notice
from engine.sampling.chunks import Chunks
from engine.sampling.solver import Level
from engine.sampling.synchronization import Synchronization
from engine.start.reading import read_display

CPU, CARD = torch.device("cpu"), torch.device("cuda")
WEIGHT = torch.randn(64, 64, generator=torch.Generator().manual_seed(1))


def test_auto_is_half_on_accelerators_only():
    assert [resolve("auto", device) for device in (CPU, CARD, torch.device("mps"))] == ["full", "half", "half"]
    assert (resolve("half", CPU), resolve("full", CARD)) == ("half", "full")
    assert half_type(CPU, torch.float16) is torch.bfloat16
    assert half_type(CARD, torch.float16) is torch.float16


def computed_in(precision: Precision, sigma: float, gradient: bool) -> torch.dtype:
    seen: list[torch.dtype] = []

    def call() -> torch.Tensor:
        seen.append((WEIGHT @ WEIGHT).dtype)
        return WEIGHT

    with torch.set_grad_enabled(gradient):
        precision.run(call, CPU, sigma)
    return seen[-1]


def test_gradients_are_full_at_high_noise_and_in_bfloat16():
    fine, coarse = torch.float16, torch.bfloat16
    assert computed_in(Precision(fine), 0.99, gradient=False) is fine
    assert computed_in(Precision(fine), 0.5, gradient=True) is fine
    assert computed_in(Precision(fine), 0.99, gradient=True) is torch.float32
    assert computed_in(Precision(coarse), 0.5, gradient=True) is torch.float32
    assert computed_in(Precision(), 0.5, gradient=False) is torch.float32


def test_values_that_are_no_numbers_are_computed_again():
    """70000 is more than float16 can say."""
    large, precision = torch.full((4, 4), 70000.0), Precision(torch.float16)
    with torch.no_grad():
        result = precision.run(lambda: large @ torch.eye(4), CPU, 0.5)
        assert torch.equal(result, large)
        assert precision.gave_up
        assert computed_in(precision, 0.5, gradient=False) is torch.float32


class Steep(Distance):
    """A distance whose gradient leaves float16's range."""

    def describe(self, activations: Features) -> Features:
        return activations

    def between(self, first: Features, second: Features) -> torch.Tensor:
        return 1e8 * (first[0] - second[0]).square().mean((1, 2, 3))


class Seen(torch.nn.Module):
    def forward(self, pictures: torch.Tensor) -> Features:
        return [pictures]


@pytest.mark.parametrize("half", [torch.float16, None])
def test_gradients_that_are_no_numbers_are_computed_again(half):
    precision, weight = Precision(half), torch.eye(4)[:, :, None, None]
    level = Level(torch.tensor(1), 0.9, 0.1)

    def denoise(windows: torch.Tensor, level: Level, which: torch.Tensor) -> torch.Tensor:
        return precision.run(lambda: functional.conv2d(windows, weight), windows.device, level.sigma)

    sync = Synchronization(
        distance=Steep(Seen()),
        display=lambda latents: latents,
        anchor=0,
        steps=1,
        initial_weight=1e-9,
        decay=1.0,
        chunks=Chunks(1),
        more_precise=precision.give_up,
    )
    windows = torch.rand(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    moved, _ = sync.synchronize(denoise, windows, level, 0)
    expected = windows[1] - 1e-9 * 2e8 * (windows[1] - windows[0]) / windows[0].numel()
    torch.testing.assert_close(moved[1], expected, atol=1e-4, rtol=0)
    assert (moved[1] - windows[1]).abs().max() > 1e-5
    assert precision.gave_up == (half is not None)


def sky(tmp_path, warm: WarmModel, model: str, precision: str) -> tuple[torch.Tensor, list[str], str]:
    job = Job(prompt="a storm", model=model, width=128, steps=2, seed=1, precision=precision)
    *events, result = generate(job, tmp_path / f"{precision}.exr", warm)
    codes = [event.code for event in events if isinstance(event, Notice)]
    return read_display(tmp_path / f"{precision}.exr"), codes, result.job["precision"]


def test_a_sky_in_half_precision_is_nearly_the_same(tmp_path, warm, nano_path):
    half, codes, kept = sky(tmp_path, warm, str(nano_path), "half")
    full, _, resolved = sky(tmp_path, warm, str(nano_path), "auto")
    assert (kept, resolved) == ("half", "full")
    assert "full_precision" not in codes
    assert 0 < (half - full).abs().mean() < 0.02


def test_a_sky_that_half_precision_cannot_make_is_made_and_told(tmp_path, nano_path, monkeypatch):
    warm = WarmModel()
    model = warm.get(str(nano_path), CPU)
    call = type(model)._call_network

    def overflow(self: Model, x: torch.Tensor, *rest: object) -> torch.Tensor:
        """As a network does whose activations leave the range of 16 bits."""
        return call(self, x, *rest) * (torch.nan if torch.is_autocast_enabled("cpu") else 1)

    monkeypatch.setattr(type(model), "_call_network", overflow)
    half, codes, _ = sky(tmp_path, warm, str(nano_path), "half")
    full, _, _ = sky(tmp_path, warm, str(nano_path), "full")
    assert "full_precision" in codes
    assert torch.equal(half, full)


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, False, "cuda"), (False, True, "mps"), (False, False, "cpu"), (True, True, "cuda")],
)
def test_the_best_device_is_chosen(monkeypatch, cuda, mps, chosen):
    """ROCm is "cuda" to PyTorch."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == chosen
    assert choose_device("cpu").type == "cpu"
    if not mps:
        with pytest.raises(BadRequest, match="'mps' is not available"):
            choose_device("mps")


def test_what_is_kept_leaves_the_card_and_comes_back(nano_path, monkeypatch):
    """On a machine without a card: what is asked of the weights."""
    warm, moves = WarmModel(), []
    model = warm.get(str(nano_path), CPU)
    monkeypatch.setattr(model, "device", CARD)
    monkeypatch.setattr(model, "move", moves.append)
    warm.park()
    assert warm.get(str(nano_path), CPU) is model
    assert moves == [CPU, CPU]
    warm.release()
    assert warm.get(str(nano_path), CPU) is not model
