"""The split LPIPS is the package's own, with real weights."""

import sys

import pytest
import torch

from engine.errors import EngineIncomplete
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.perceptual.weights import NETWORKS, weights_file


@pytest.mark.parametrize("network", NETWORKS)
def test_it_is_what_lpips_computes(network):
    distance = PerceptualDistance(network)
    first, second = torch.rand(2, 3, 64, 64), torch.rand(1, 3, 64, 64)
    theirs = distance._lpips(first * 2 - 1, second.expand(2, -1, -1, -1) * 2 - 1).flatten()
    torch.testing.assert_close(distance(first, second), theirs)


@pytest.mark.parametrize("network", NETWORKS)
def test_its_gradients_are_what_autograd_finds(network):
    distance = PerceptualDistance(network)
    pictures = torch.rand(2, 3, 64, 64).requires_grad_(), torch.rand(1, 3, 64, 64).requires_grad_()
    first, second = pictures
    theirs = distance._lpips(first * 2 - 1, second.expand(2, -1, -1, -1) * 2 - 1)
    for ours, exact in zip(
        torch.autograd.grad(distance(first, second).sum(), pictures),
        torch.autograd.grad(theirs.sum(), pictures),
        strict=True,
    ):
        assert (ours - exact).norm() < 1e-4 * exact.norm()


@pytest.mark.parametrize("network", NETWORKS)
def test_weights_are_trained(network):
    """A blurred picture is nearer than another picture; random weights rank noise differently."""
    distance = PerceptualDistance(network)
    rows = torch.linspace(0, 1, 64)
    picture = torch.stack([rows.expand(64, 64), rows.expand(64, 64).T, (rows * 20).sin().expand(64, 64) / 2 + 0.5])[
        None
    ]
    slightly_brighter = (picture + 0.02).clamp(0, 1)
    assert distance(picture, picture).item() < 1e-6
    assert 0 < distance(picture, slightly_brighter).item() < 0.1 < distance(picture, 1 - picture).item()


def test_weights_that_are_not_there_or_damaged_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))  # an environment whose set-up did not come to its end
    with pytest.raises(EngineIncomplete, match=r"missing: .*lpips_vgg.*Click Repair"):
        PerceptualDistance("vgg")
    weights_file("vgg").parent.mkdir(parents=True)
    weights_file("vgg").write_bytes(b"cut short")
    with pytest.raises(EngineIncomplete, match=r"lpips_vgg.* are damaged .*Click Repair"):
        PerceptualDistance("vgg")


def test_the_stub_of_torchvision_does_not_stay():
    PerceptualDistance("alex")
    assert "torchvision" not in sys.modules
