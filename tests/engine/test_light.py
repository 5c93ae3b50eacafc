"""Transfer functions invert each other; a display shows what it should."""

import pytest
import torch

from engine.errors import BadModel
from engine.light.transfer import (
    HALF_MAX,
    linear_to_srgb,
    log_to_radiance,
    radiance_to_log,
    srgb_to_linear,
    tonemap,
    transfer,
)


def test_srgb_round_trip_and_known_value():
    values = torch.linspace(0, 1, 101)
    torch.testing.assert_close(srgb_to_linear(linear_to_srgb(values)), values, atol=1e-6, rtol=0)
    assert srgb_to_linear(torch.tensor(0.5)).item() == pytest.approx(0.2140, abs=1e-4)


def test_log_round_trip_from_night_to_sun():
    radiance = torch.tensor([0, 1e-4, 1e-2, 1, 100, 10000, HALF_MAX])
    torch.testing.assert_close(log_to_radiance(radiance_to_log(radiance)), radiance, rtol=1e-3, atol=1e-5)


def test_tonemap_rises_and_stays_in_range():
    shown = tonemap(torch.tensor([-1.0, 0, 0.01, 0.18, 1, 10, HALF_MAX]))
    assert shown[0] == shown[1] == 0
    assert (shown[2:].diff() >= 0).all()
    assert shown.max() <= 1


@pytest.mark.parametrize("name", ["srgb", "log_radiance"])
def test_display_lets_gradients_through(name):
    code = torch.linspace(-0.9, -0.1, 12, requires_grad=True)  # starlight to a white wall: neither is saturated
    transfer(name).to_display(code).sum().backward()
    assert torch.isfinite(code.grad).all()
    assert (code.grad > 0).all()


def test_unknown_transfer_is_refused():
    with pytest.raises(BadModel, match="pq"):
        transfer("pq")
