"""Blocks of different tones are led together where they meet; what a picture shows stays."""

import pytest
import torch

from engine.models.block_edges import close_edges

PERIOD = 32


def wall(height: int = 128, width: int = 256) -> torch.Tensor:
    """A slope of tones, painted in blocks that each have a tone of their own."""
    tones = torch.randn(3, height // PERIOD, width // PERIOD, generator=torch.Generator().manual_seed(1)) * 0.005
    return slope(height, width) + tones.repeat_interleave(PERIOD, 1).repeat_interleave(PERIOD, 2)


def slope(height: int = 128, width: int = 256) -> torch.Tensor:
    turn = torch.arange(width) * (2 * torch.pi / width)
    return ((turn.sin() + torch.linspace(-1, 1, height)[:, None]) * 0.3).expand(3, -1, -1).clone()


def steps(picture: torch.Tensor, dim: int) -> torch.Tensor:
    """Across the edges of blocks beyond what the slope has there, the one at the end of a ring too."""
    apart = (picture.roll(-1, dim) - picture).movedim(dim, 0)[PERIOD - 1 :: PERIOD]
    return apart if dim == 2 else apart[:-1]


@pytest.mark.parametrize("wraps", [True, False], ids=["ring", "flat"])
@pytest.mark.parametrize("dim", [1, 2], ids=["rows", "columns"])
def test_blocks_meet(dim, wraps):
    before = steps(wall() - slope(), dim).abs()
    after = steps(close_edges(wall(), PERIOD, wraps) - slope(), dim).abs()
    ends = -1 if dim == 2 and not wraps else len(after)
    assert after[:ends].mean() < 0.15 * before[:ends].mean()


def test_ends_of_a_strip_do_not_meet():
    one, other = close_edges(wall(), PERIOD, True), close_edges(wall(), PERIOD, False)
    torch.testing.assert_close(one[..., 16:-16], other[..., 16:-16], atol=1e-3, rtol=0)
    assert (other - wall())[..., -1].abs().mean() < 0.5 * (one - wall())[..., -1].abs().mean()


def test_a_smooth_sky_stays():
    assert (close_edges(slope(), PERIOD, True) - slope()).abs().max() < 1e-3


def test_a_horizon_and_the_edge_of_a_mountain_stay():
    sky = torch.zeros(3, 128, 256)
    sky[:, 64:] = 0.1
    sky[:, :64, 96:] = 0.2
    assert torch.equal(close_edges(sky.clone(), PERIOD, False), sky)


def test_a_turned_ring_is_closed_turned():
    turned = close_edges(wall().roll(3 * PERIOD, 2), PERIOD, True)
    torch.testing.assert_close(turned, close_edges(wall(), PERIOD, True).roll(3 * PERIOD, 2))


@pytest.mark.parametrize("wraps", [True, False], ids=["ring", "flat"])
def test_bands_of_lines_show_nowhere(monkeypatch, wraps):
    whole = close_edges(wall(), PERIOD, wraps)
    monkeypatch.setattr("engine.models.block_edges._BAND", 24)
    torch.testing.assert_close(close_edges(wall(), PERIOD, wraps), whole)
