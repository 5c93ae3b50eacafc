"""Gradients in part in bfloat16 point where exact ones do, and forward passes stay what they are, or nearly."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from engine.coherence import synchronization
from engine.half_gradients import HalfGradients
from engine.half_layers import ConvolutionNear
from engine.job import BUNDLED_MODEL, Job
from engine.models.loading import WarmModel
from engine.plan import plan
from engine.precision import Precision
from engine.sampling.solver import Solver

CPU = torch.device("cpu")


def gradient(network: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    y = network(x)
    return y.detach(), torch.autograd.grad(y.square().sum(), x)[0]


def cosine(a: Tensor, b: Tensor) -> float:
    return torch.cosine_similarity(a.flatten(), b.flatten(), dim=0).item()


def seeded(make) -> nn.Module:
    torch.manual_seed(3)
    return make().requires_grad_(False)


LAYERS = {
    "convolution": (lambda: nn.Conv2d(8, 12, 3, stride=2, padding=1), (2, 8, 64, 96)),
    "grouped and dilated": (lambda: nn.Conv2d(8, 12, 3, padding=2, dilation=2, groups=4, bias=False), (1, 8, 48, 64)),
    "padded around": (lambda: nn.Conv2d(8, 12, 3, padding=1, padding_mode="circular"), (1, 8, 48, 64)),
    "linear": (lambda: nn.Linear(24, 40), (2, 1024, 24)),
}


@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)
def test_a_layer_s_gradient_is_rounded_and_its_output_is_not(make, shape):
    layer, x = seeded(make), torch.randn(shape, generator=torch.Generator().manual_seed(4))
    if x.dim() == 4:  # the layout that convolutions give it; another rounds otherwise
        x = x.to(memory_format=torch.channels_last)
    output, exact = gradient(layer, x)
    with HalfGradients():
        same, rounded = gradient(layer, x)
    assert torch.equal(output, same)
    assert cosine(exact, rounded) > 0.9999
    assert (exact - rounded).abs().max() > 0


def test_no_two_layouts_meet():
    """A backward pass between them takes ten times as long."""
    network = seeded(lambda: nn.Sequential(nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=True)))
    with HalfGradients():
        y = network(torch.randn(1, 8, 64, 64, requires_grad=True))
    assert y.is_contiguous(memory_format=torch.channels_last)


@pytest.fixture
def deep() -> nn.Module:
    """Two sizes, as VGG has five."""
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=True)
    return seeded(lambda: nn.Sequential(*layers))


def pictures() -> tuple[Tensor, Tensor]:
    """Two that are alike, and bright against what is different."""
    known, apart = torch.randn(2, 1, 3, 96, 96, generator=torch.Generator().manual_seed(5))
    return 20 + known, 20 + known + 0.05 * apart


def forward_near(network: nn.Module, anchor: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Of *anchor* and of *x*."""
    half = HalfGradients()
    with half, torch.no_grad():
        known = network(anchor)
    with half:
        return known, network(x.clone().requires_grad_()).detach()


def test_what_is_different_is_rounded_and_not_what_is_known(deep):
    anchor, x = pictures()
    exact, exact_anchor = deep(x), deep(anchor)
    known, near = forward_near(deep, anchor, x)
    torch.testing.assert_close(known, exact_anchor)
    assert 0 < (near - exact).norm() < 0.01 * (exact - exact_anchor).norm()
    with torch.autocast("cpu", torch.bfloat16):
        rounded = deep(x).float()
    assert (near - exact).norm() < 0.1 * (rounded - exact).norm()


def test_the_known_picture_is_itself(deep):
    anchor, _ = pictures()
    known, again = forward_near(deep, anchor, anchor)
    assert torch.equal(known, again)


def test_layers_of_the_picture_s_own_size_stay_float32(deep):
    anchor, x = pictures()
    first = deep[0]
    torch.testing.assert_close(forward_near(first, anchor, x)[1], first(x), rtol=0, atol=1e-5)


def test_a_picture_of_another_size_is_not_like_the_known_one(deep):
    anchor, x = pictures()
    smaller = x[..., :64, :64]
    torch.testing.assert_close(forward_near(deep, anchor, smaller)[1], deep(smaller))


KEPT = {
    "few positions": (lambda: nn.Conv2d(8, 12, 3), 16),
    "weights that learn": (lambda: nn.Conv2d(8, 12, 3).requires_grad_(True), 64),
    "padding by name": (lambda: nn.Conv2d(8, 12, 3, padding="same").requires_grad_(False), 64),
}


@pytest.mark.parametrize(("make", "size"), KEPT.values(), ids=KEPT)
def test_some_gradients_stay_float32(make, size):
    layer, x = make(), torch.randn(1, 8, size, size)
    with HalfGradients():
        inside = gradient(layer, x)[1]
    assert torch.equal(inside, gradient(layer, x)[1])


@pytest.mark.parametrize("step", [0, 8, 22])
def test_a_synchronization_gradient_keeps_its_direction(warm: WarmModel, step: int):
    """Through denoiser, decoder and VGG, on the bundled model."""
    model = warm.get(BUNDLED_MODEL, CPU)
    todo = plan(Job(prompt="golden hour over a calm sea", width=512, seed=1), model)
    sync = synchronization(todo, model, warm.perceptual, Precision())
    first, level = (Solver("ddim", model.scheduler_config, 25, CPU).levels[index] for index in (0, step))
    denoise = model.denoiser(model.condition(todo.job.prompt, "", todo.job.guidance))
    shape = (2, model.channels, todo.canvas[0], todo.windows.columns.shape[1])
    noise, both = torch.randn(shape, generator=torch.Generator().manual_seed(0)), torch.arange(2)
    half = HalfGradients()
    with torch.no_grad():
        noisy = level.alpha * denoise(noise, first, both) + level.sigma * noise
        anchor = model.display(denoise(noisy[1:], level, both[1:]))
        target = sync.distance.features(anchor)

    def gradient(context: Callable) -> Tensor:
        return replace(sync, gradients_in=context).gradient(denoise, noisy[:1], level, both[:1], target)

    exact, backward_only = gradient(nullcontext), gradient(lambda: half)
    with half, torch.no_grad():
        sync.distance.features(anchor)
    near = gradient(lambda: half)
    assert cosine(exact, backward_only) > 0.999
    assert cosine(exact, near) > 0.995
    assert 0 < (exact - backward_only).norm() < (exact - near).norm()


def test_synchronization_sees_its_anchor_in_the_same_way(units, warm: WarmModel, nano_path, monkeypatch):
    """So that windows are computed from it."""
    model = warm.get(str(nano_path), CPU)
    todo = plan(Job(prompt="a", model=str(nano_path), width=512), model)
    sync = synchronization(todo, model, warm.perceptual, Precision(torch.bfloat16))
    near = []
    apply = ConvolutionNear.apply
    monkeypatch.setattr(ConvolutionNear, "apply", lambda *args: near.append(args) or apply(*args))
    level = Solver("ddim", model.scheduler_config, 4, CPU).levels[0]
    denoise = model.denoiser(model.condition("a", "", 1.0))
    noise = torch.randn(todo.canvas, generator=torch.Generator().manual_seed(0)).expand(1, model.channels, -1, -1)
    sync.synchronize(denoise, todo.windows.gather(noise), level, 0)
    assert near


@pytest.fixture
def units(monkeypatch) -> None:
    """A processor that multiplies in bfloat16, whatever this one does."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})


def test_half_precision_has_it_where_the_processor_multiplies_in_bfloat16(units, monkeypatch):
    half = Precision(torch.bfloat16)
    assert isinstance(half.gradient(CPU), HalfGradients)
    assert not isinstance(half.gradient(torch.device("cuda")), HalfGradients)
    assert not isinstance(Precision().gradient(CPU), HalfGradients)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True})
    assert not isinstance(half.gradient(CPU), HalfGradients)


def test_with_checkpoints_gradients_are_float32(units, warm: WarmModel, nano_path):
    model = warm.get(str(nano_path), CPU)
    todo = plan(Job(prompt="a", model=str(nano_path), width=128), model)
    sync = synchronization(todo, model, warm.perceptual, Precision(torch.bfloat16))
    assert isinstance(sync.gradients_in(), HalfGradients)
    sync.checkpoint()
    assert not isinstance(sync.gradients_in(), HalfGradients)
