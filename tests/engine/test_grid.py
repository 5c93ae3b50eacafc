"""Windows in rows and columns: what they hold, put together again, is the canvas; a few are worked on at once."""

from collections.abc import Callable, Generator

import pytest
import torch
from torch import Tensor

from engine.sampling.grid import Grid
from engine.sphere.resampling import reader


def finished(counts: Generator[int, None, Tensor]) -> tuple[Tensor, list[int]]:
    """The canvas, and how many windows were worked on each time."""
    told = []
    while True:
        try:
            told.append(next(counts))
        except StopIteration as end:
            return end.value, told


@pytest.mark.parametrize("wraps", [True, False], ids=["ring", "flat"])
@pytest.mark.parametrize("size", [(16, 32), (20, 44), (40, 72), (8, 12)])
def test_windows_put_together_are_the_canvas(size, wraps):
    grid = Grid.layout(size, 16, wraps)
    canvas = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    same, told = finished(grid.map(reader(canvas[0]), lambda windows, _: windows, at_once=2))
    torch.testing.assert_close(same, canvas, atol=1e-5, rtol=0)
    assert sum(told) == len(grid) == len(grid.gather(canvas))
    assert max(told) <= 2


def test_windows_are_handed_out_with_their_numbers():
    grid = Grid.layout((20, 44), 16, True)
    canvas = torch.randn(1, 2, 20, 44)
    everything = grid.gather(canvas)

    def check(windows: Tensor, which: Tensor) -> Tensor:
        torch.testing.assert_close(windows, everything[which])
        return windows

    finished(grid.map(reader(canvas[0]), check, at_once=3))


def test_neighbours_overlap_by_a_quarter_and_a_ring_has_no_end():
    grid = Grid.layout((64, 128), 16, True)
    assert grid.rows[0, 0] == 0 and grid.rows[-1, -1] == 63
    assert (grid.rows.diff(dim=0)[:, 0] <= 12).all()
    steps = torch.cat([grid.columns[:, 0], torch.tensor([128])]).diff()
    assert (steps <= 12).all() and grid.columns[-1, -1] < 12


def test_a_rolled_ring_gives_a_rolled_canvas():
    """One window's width divides the ring evenly, so rolling by it moves every window onto the next."""
    grid = Grid.layout((16, 48), 16, True)
    step = int(grid.columns[1, 0])
    canvas = torch.randn(1, 1, 16, 48)
    ramp: Callable[[Tensor, Tensor], Tensor] = lambda windows, _: windows * torch.linspace(0, 1, 16)  # noqa: E731
    straight, _ = finished(grid.map(reader(canvas[0]), ramp, 8))
    rolled, _ = finished(grid.map(reader(canvas.roll(step, 3)[0]), ramp, 8))
    torch.testing.assert_close(rolled, straight.roll(step, 3), atol=1e-5, rtol=0)


def test_onto_a_larger_grid():
    grid = Grid.layout((16, 40), 16, True)
    canvas = torch.randn(1, 2, 16, 40)
    double = lambda windows, _: windows.repeat_interleave(2, 2).repeat_interleave(2, 3)  # noqa: E731
    large, _ = finished(grid.map(reader(canvas[0]), double, 4, grid.scaled(2)))
    torch.testing.assert_close(large, double(canvas, None), atol=1e-5, rtol=0)
