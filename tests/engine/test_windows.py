"""Windows cover the ring evenly, and their mean is the canvas they came from."""

import pytest
import torch

from engine.errors import BadRequest
from engine.sampling.windows import Windows


@pytest.mark.parametrize(
    ("width", "window", "stride"), [(64, 32, 8), (32, 16, 4), (256, 64, 16), (16, 16, 16), (12, 6, 3)]
)
def test_ring_covers_every_column_equally(width, window, stride):
    windows = Windows.layout("ring", width, window, stride)
    assert len(windows) == width // stride
    assert torch.bincount(windows.columns.flatten(), minlength=width).unique().tolist() == [window // stride]


@pytest.mark.parametrize(("kind", "count"), [("ring", 8), ("reference", 7), ("strip", 5)])
def test_average_of_gathered_windows_is_the_canvas(kind, count):
    windows = Windows.layout(kind, 64, 32, 8)
    canvas = torch.randn(1, 4, 6, 64)
    assert len(windows) == count
    assert windows.gather(canvas).shape == (count, 4, 6, 32)
    torch.testing.assert_close(windows.average(windows.gather(canvas)), canvas)


def test_last_window_wraps():
    columns = Windows.layout("ring", 64, 32, 8).columns[-1]
    assert columns[0] == 56
    assert columns[-1] == 23


def test_average_weighs_overlaps_equally():
    windows = Windows.layout("strip", 6, 4, 2)
    values = torch.stack([torch.zeros(1, 1, 4), torch.ones(1, 1, 4)])
    assert windows.average(values)[0, 0, 0].tolist() == [0, 0, 0.5, 0.5, 1, 1]


@pytest.mark.parametrize(("kind", "stride"), [("ring", 8), ("reference", 8), ("strip", 16)])
def test_interleaved_columns_come_from_the_windows_that_cover_them(kind, stride):
    windows = Windows.layout(kind, 64, 32, stride)
    canvas = torch.randn(1, 4, 6, 64)
    torch.testing.assert_close(windows.interleave(windows.gather(canvas)), canvas)


def test_neighbouring_columns_come_from_windows_in_turn():
    numbered = torch.arange(3.0)[:, None, None, None].expand(3, 1, 1, 4)
    ring, strip = Windows.layout("ring", 6, 4, 2), Windows.layout("strip", 8, 4, 2)
    assert ring.interleave(numbered)[0, 0, 0].tolist() == [0, 2, 1, 0, 2, 1]
    assert strip.interleave(numbered)[0, 0, 0].tolist() == [0, 0, 1, 0, 2, 1, 2, 2]


@pytest.mark.parametrize(
    ("kind", "window", "stride", "says"),
    [
        ("ring", 128, 8, "wider than the panorama"),
        ("ring", 32, 33, "would leave gaps"),
        ("ring", 32, 5, "such as 4"),
        ("reference", 24, 16, "such as 8"),
        ("strip", 32, 12, "do not end"),
        ("reference", 8, 8, "do not cover"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(kind, window, stride, says):
    with pytest.raises(BadRequest, match=says):
        Windows.layout(kind, 64, window, stride)
