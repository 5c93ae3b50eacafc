"""Memory that runs out is met with smaller calls, and the picture is the same."""

import pytest
import torch
from ring_bench import Bench

from engine.errors import GenerationFailed
from engine.job import Job
from engine.models.denoiser import GuidedDenoiser
from engine.perceptual.distance import Distance
from engine.pipeline import generate
from engine.sampling.chunks import Chunks

WINDOWS = torch.randn(7, 2, generator=torch.Generator().manual_seed(1))


class Card:
    """A function of windows on a card that has room for *room* of them at once."""

    def __init__(self, room: int, message: str = "CUDA out of memory") -> None:
        self.room, self.message = room, message
        self.calls: list[int] = []

    def __call__(self, windows: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(windows))
        if len(windows) > self.room:
            raise torch.OutOfMemoryError(self.message)
        return windows * 2


@pytest.mark.parametrize("room", [1, 2, 3, 5, 7])
def test_halved_until_it_fits(room):
    card, chunks = Card(room), Chunks(7)
    torch.testing.assert_close(chunks.each(card, WINDOWS, torch.arange(7)), WINDOWS * 2)
    assert chunks.size <= room
    card.calls.clear()
    chunks.each(card, WINDOWS)
    assert max(card.calls) <= room, "what was too much once is not tried again"


def test_too_little_for_one_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        Chunks(4).each(Card(0), WINDOWS)


@pytest.mark.parametrize("words", ["MPS backend out of memory", "DefaultCPUAllocator: can't allocate memory"])
def test_memory_that_runs_out_in_words_only(words):
    def full(windows: torch.Tensor) -> torch.Tensor:
        if len(windows) > 2:
            raise RuntimeError(words)
        return windows

    torch.testing.assert_close(Chunks(7).each(full, WINDOWS), WINDOWS)


def test_other_failures_pass():
    def broken(windows: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        Chunks(4).each(broken, WINDOWS)


@pytest.fixture
def little_memory(monkeypatch) -> list[int]:
    """The network's calls take two windows at most, as if the card had no room for more; what was tried."""
    tried: list[int] = []
    denoise = GuidedDenoiser._denoise

    def on_a_small_card(self: GuidedDenoiser, x: torch.Tensor, *rest: object) -> torch.Tensor:
        tried.append(len(x))
        if len(x) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return denoise(self, x, *rest)

    monkeypatch.setattr(GuidedDenoiser, "_denoise", on_a_small_card)
    return tried


def test_a_whole_sky_on_a_small_card(little_memory, warm, nano_path, tmp_path):
    job = Job(prompt="a storm", model=str(nano_path), width=128, steps=2, seed=1)
    list(generate(job, tmp_path / "sky.exr", warm))
    assert (tmp_path / "sky.exr").exists()
    assert sum(count > 2 for count in little_memory) == 2, "8, then 4, and never again"


def test_no_room_at_all_is_said(monkeypatch, warm, nano_path, tmp_path):
    monkeypatch.setattr(GuidedDenoiser, "_denoise", Card(0))
    job = Job(prompt="a storm", model=str(nano_path), width=128, steps=2, seed=1)
    with pytest.raises(GenerationFailed, match="memory of cpu ran out at a width of 128"):
        list(generate(job, tmp_path / "sky.exr", warm))
    assert not (tmp_path / "sky.exr").exists()


def kept_bytes(bench: Bench, target: list) -> tuple[int, torch.Tensor]:
    """What autograd keeps for one window's loss, and the gradient."""
    kept: dict[int, int] = {}
    windows = bench.windows.gather(bench.noise)[1:2].requires_grad_()
    sync, level = bench.sync(), bench.solver().levels[1]

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = sync._loss(bench.denoise(windows, level, torch.arange(1)), target, torch.arange(1))
    return sum(kept.values()), torch.autograd.grad(loss, windows)[0]


@pytest.fixture
def restored(bench: Bench, distance: Distance):
    yield
    bench.model.checkpoint(False)
    distance.checkpoint(False)


def test_checkpoints_keep_less_and_give_the_same_gradient(bench, distance, restored):
    target = distance.features(torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)))
    whole, gradient = kept_bytes(bench, target)
    bench.model.checkpoint(True)
    distance.checkpoint(True)
    less, same = kept_bytes(bench, target)
    assert less < 0.6 * whole
    torch.testing.assert_close(same, gradient, rtol=1e-4, atol=1e-9)


def test_checkpoints_are_the_last_resort(exact_bench):
    """One window's gradient fits only with them."""
    bench = exact_bench
    resorted: list[bool] = []
    windows, level = bench.windows.gather(bench.noise), bench.solver().levels[0]

    def denoise(x: torch.Tensor, *rest: object) -> torch.Tensor:
        if x.requires_grad and not resorted:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return bench.denoise(x, *rest)

    target = bench.distance.features(bench.model.display(windows[:1]))
    sync = bench.sync(checkpoint=lambda: resorted.append(True))
    rescued = sync.gradient(denoise, windows, level, torch.arange(4), target)
    usual = bench.sync().gradient(bench.denoise, windows, level, torch.arange(4), target)
    torch.testing.assert_close(rescued, usual, rtol=1e-6, atol=1e-9)
    assert resorted == [True]
