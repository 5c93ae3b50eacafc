"""Displaced skies: the same in parts as as a whole, clouds get longer edges, horizon and ground and a flat sky stay."""

import pytest
import torch

from engine.sphere.billows import billowing
from engine.sphere.resampling import reader

HEIGHT = 256


def displaced(panorama: torch.Tensor, seed: int = 1):
    return billowing(reader(panorama), HEIGHT, 4.0, torch.Generator().manual_seed(seed))


@pytest.fixture
def bank() -> torch.Tensor:
    """A cloud bank whose upper edge, 30 degrees high, is soft and level."""
    rows = torch.arange(HEIGHT, dtype=torch.float32)[None, :, None]
    edge = HEIGHT / 3
    return ((rows - edge) / 16).clamp(0, 1).expand(3, HEIGHT, 2 * HEIGHT).clone()


def test_parts_are_those_of_the_whole(bank):
    read = displaced(bank)
    whole = read(0, HEIGHT)
    for first, last in ((0, 1), (60, 100), (HEIGHT - 3, HEIGHT)):
        torch.testing.assert_close(read(first, last), whole[:, first:last])


def test_a_level_edge_gets_billows_and_other_ones_with_another_seed(bank):
    whole = displaced(bank)(0, HEIGHT)
    edge = slice(HEIGHT // 3, HEIGHT // 3 + 16)
    assert bank[:, edge].std(2).max() == 0
    assert whole[:, edge].std(2).mean() > 0.1
    assert not torch.equal(displaced(bank, seed=2)(0, HEIGHT), whole)


def test_horizon_ground_and_zenith_stay():
    panorama = torch.rand(3, HEIGHT, 2 * HEIGHT, generator=torch.Generator().manual_seed(1))
    whole = displaced(panorama)(0, HEIGHT)
    for kept in (slice(HEIGHT // 2 - 1, HEIGHT), slice(0, HEIGHT // 6)):
        torch.testing.assert_close(whole[:, kept], panorama[:, kept], atol=1e-4, rtol=0)  # of rounded places
    assert (whole - panorama)[:, HEIGHT // 3].abs().mean() > 0.1


def test_a_sky_without_clouds_stays():
    flat = torch.full((3, HEIGHT, 2 * HEIGHT), 0.3)
    torch.testing.assert_close(displaced(flat)(0, HEIGHT), flat)


def test_there_is_no_seam(bank):
    """On average of many seeds: in one picture the steps from a column to the next are 0.3 to 2.2 of the mean anyway,
    as its noise is steep here and flat there."""
    wholes = torch.stack([displaced(bank, seed)(0, HEIGHT) for seed in range(1, 31)])
    steps = (wholes - wholes.roll(1, 3)).abs().mean((0, 1, 2))
    assert 0.8 < steps[0] / steps[1:].mean() < 1.25


def test_it_fits_any_width(bank):
    panorama = bank[:, :150, :300].contiguous()
    read = billowing(reader(panorama), 150, 4.0, torch.Generator().manual_seed(1))
    assert read(10, 140).shape == (3, 130, 300)
    assert torch.isfinite(read(0, 150)).all()
