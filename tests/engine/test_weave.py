"""What a decoder repeats in the block of each latent is strewn about; what a picture shows stays."""

import pytest
import torch

from engine.models.weave import strew_weave

PERIOD = 16


def noise(seed: int, *size: int) -> torch.Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


def smooth(height: int, width: int) -> torch.Tensor:
    """A ring without any detail."""
    turn = torch.arange(width) * (2 * torch.pi / width)
    return ((turn.sin() + torch.linspace(-1, 1, height)[:, None]) * 0.3).expand(3, -1, -1).clone()


def likeness(texture: torch.Tensor) -> float:
    """Correlation of *texture* with itself one block to the right."""
    return (torch.mean(texture * texture.roll(PERIOD, 2)) / texture.square().mean()).item()


@pytest.mark.parametrize("wraps", [True, False], ids=["ring", "flat"])
def test_texture_stays_as_strong_and_is_in_no_order(wraps):
    sky = smooth(480, 256)  # more rows than are worked on at once
    tile = noise(1, 3, PERIOD, PERIOD) * 0.02
    weave = (tile - tile.mean((1, 2), keepdim=True)).repeat(1, 30, 16)
    texture = strew_weave(sky + weave, PERIOD, wraps) - sky
    assert likeness(weave) > 0.99
    assert abs(likeness(texture)) < 0.4  # blocks pass into each other
    assert texture.std() == pytest.approx(weave.std().item(), rel=0.15)


@pytest.mark.parametrize("wraps", [True, False], ids=["ring", "flat"])
def test_bands_and_tiles_meet_without_a_trace(wraps, monkeypatch):
    picture = smooth(480, 512) + noise(2, 3, PERIOD, PERIOD).repeat(1, 30, 32) * 0.02
    picture += noise(3, 3, 480, 512) * 0.005
    whole = strew_weave(picture.clone(), PERIOD, wraps)
    monkeypatch.setattr("engine.models.weave._BAND", 7)
    monkeypatch.setattr("engine.models.weave._TILE", 5)
    torch.testing.assert_close(strew_weave(picture.clone(), PERIOD, wraps), whole, atol=1e-5, rtol=0)


def test_a_smooth_sky_stays():
    sky = smooth(128, 256)
    assert (strew_weave(sky.clone(), PERIOD, True) - sky).abs().max() < 6e-3


def test_a_sun_has_no_ghosts():
    """What is in one place alone is nobody's texture."""
    sky = torch.zeros(3, 128, 256)
    sky[:, 60:66, 100:106] = 1
    change = (strew_weave(sky.clone(), PERIOD, True) - sky).abs()
    assert change.max() < 0.2
    assert change[..., 160:].max() < 5e-3


def test_a_horizon_stays_an_edge():
    sky = torch.zeros(3, 128, 256)
    sky[:, 64:] = 0.5
    step = strew_weave(sky, PERIOD, True)[0, 63:65, 0]
    assert step[1] - step[0] > 0.45


def test_strong_level_lines_stay_but_well_below_the_horizon():
    sky = smooth(256, 512)
    lines = torch.zeros(PERIOD)
    lines[::4] = 0.2
    lines = (lines - lines.mean()).repeat(16)[:, None].expand(3, 256, 512)
    rows = strew_weave(sky + lines, PERIOD, True) - sky
    above, below = slice(64, 96), slice(170, 220)
    assert rows[:, above].mean((0, 2)).std() > 0.9 * lines[:, above].mean((0, 2)).std()
    assert rows[:, below].mean((0, 2)).std() < 0.1 * lines[:, below].mean((0, 2)).std()


def test_texture_beside_a_horizon_is_in_no_order_either():
    sky = smooth(480, 512)
    sky[:, 240:] += 0.5
    tile = noise(1, 3, PERIOD, PERIOD) * 0.02
    weave = (tile - tile.mean(2, keepdim=True)).repeat(1, 30, 32)
    texture = strew_weave(sky + weave, PERIOD, True) - sky
    below = slice(240, 240 + PERIOD)
    assert abs(likeness(texture[:, below] - texture[:, below].mean(2, keepdim=True))) < 0.4
