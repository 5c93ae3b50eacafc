"""Great circles, as edges of buildings or vapour trails are, stay straight and whole in the views of a panorama."""

import pytest
import torch

from engine.sphere.cube import to_cube
from engine.sphere.equirectangular import direction, directions
from engine.sphere.gnomonic import View, render
from engine.sphere.resampling import reader

HEIGHT, SIZE = 512, 96


def line(normal: torch.Tensor) -> torch.Tensor:
    """A panorama of a soft bright band, 1.5 degrees wide, along the great circle around *normal*."""
    away = torch.rad2deg(torch.asin(torch.tensordot(normal, directions(HEIGHT), dims=1)))
    return torch.exp(-((away / 1.5) ** 2))[None]


def bend(picture: torch.Tensor, upright: bool) -> float:
    """Pixels by which the brightest place of each row (or column) leaves the straight line through them."""
    picture = picture if upright else picture.T
    places = torch.arange(SIZE) + 0.5
    rows = picture.amax(1) > 0.5
    centre = (picture * places).sum(1)[rows] / picture.sum(1)[rows]
    design = torch.stack([places[rows], torch.ones(int(rows.sum()))], 1)
    straight = design @ torch.linalg.lstsq(design, centre[:, None]).solution
    assert rows.sum() > SIZE / 2
    return (centre - straight[:, 0]).abs().max().item()


@pytest.mark.parametrize("turn", [0, 30, 77, 150])
@pytest.mark.parametrize("elevation", [90, -90])
def test_through_a_pole(turn, elevation):
    normal = direction(turn, 0)
    seen = render(reader(line(normal)), HEIGHT, View(0, elevation, 80, SIZE))[0]
    across = abs(float(normal[0])) > abs(float(normal[1]))
    assert bend(seen, upright=across) < 0.1


@pytest.mark.parametrize(("azimuth", "rise"), [(270, 35), (268, -20), (90, 60)])
def test_across_the_seam(azimuth, rise):
    """A slanting line in front of the viewer."""
    normal = torch.linalg.cross(direction(azimuth, 0), direction(azimuth + 90, rise))
    seen = render(reader(line(normal / normal.norm())), HEIGHT, View(azimuth, 0, 80, SIZE))[0]
    assert bend(seen, upright=rise > 45) < 0.1


def test_over_the_edges_of_a_cube():
    """Where a line leaves the front it enters the top, up to a pixel, and is as bright."""
    normal = direction(170, 10)
    front, top = (to_cube(reader(line(normal)), HEIGHT, SIZE)[index, 0] for index in (4, 2))
    edges = front[0], top[-1]
    places = torch.arange(SIZE) + 0.5
    leaves, enters = ((edge * places).sum() / edge.sum() for edge in edges)
    assert abs(float(leaves - enters)) < 0.5
    assert float(edges[0].max()) == pytest.approx(float(edges[1].max()), rel=0.05) and edges[0].max() > 0.9
