"""A panorama at another size: the same whether it is read in parts or as a whole, and whole around seam and poles."""

import pytest
import torch

from engine.sphere.enlarging import at_width, means, shrunk, written
from engine.sphere.resampling import reader


def panorama(height: int = 32) -> torch.Tensor:
    return torch.rand(3, height, 2 * height, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("width", [72, 96, 128, 136])
def test_parts_are_those_of_the_whole(width):
    read, height = at_width(panorama(), width), width // 2
    whole = read(0, height)
    assert whole.shape == (3, height, width)
    for first, last in ((0, 1), (7, 20), (height - 3, height)):
        torch.testing.assert_close(read(first, last), whole[:, first:last], atol=1e-5, rtol=0)
    torch.testing.assert_close(read(-2, height + 2), reader(whole)(-2, height + 2), atol=1e-5, rtol=0)


def test_it_is_written_band_by_band(monkeypatch):
    monkeypatch.setattr("engine.sphere.enlarging._BAND", 10)
    read = at_width(panorama(), 128)
    torch.testing.assert_close(written(read, 64), read(0, 64), atol=1e-5, rtol=0)


def test_it_is_what_an_interpolation_of_the_whole_gives():
    inside = torch.nn.functional.interpolate(panorama()[None], scale_factor=2, mode="bicubic")[0]
    large = written(at_width(panorama(), 128), 64)
    torch.testing.assert_close(large[:, 8:-8, 8:-8], inside[:, 8:-8, 8:-8], atol=1e-5, rtol=0)


def test_it_knows_neither_seam_nor_pole():
    picture = panorama(16)
    large = written(at_width(picture, 64), 32)
    torch.testing.assert_close(written(at_width(picture.roll(5, 2), 64), 32), large.roll(10, 2), atol=1e-5, rtol=0)
    flat = written(at_width(torch.full((3, 16, 32), 0.3), 80), 40)
    torch.testing.assert_close(flat, torch.full((3, 40, 80), 0.3))


def test_a_larger_one_is_shrunk():
    assert torch.equal(written(at_width(panorama(), 32), 16), shrunk(panorama(), 32))
    assert torch.equal(written(at_width(panorama(), 64), 32), panorama())


def test_means_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr("engine.sphere.enlarging._BAND", 8)
    read = reader(panorama())
    expected = torch.nn.functional.avg_pool2d(panorama(), 4)
    torch.testing.assert_close(means(read, 4)(0, 8), expected)
    torch.testing.assert_close(means(read, 4)(3, 6), expected[:, 3:6])
    assert means(read, 1) is read
