"""Panorama, flat views and cube: places go there and back exactly, pictures up to what resampling costs."""

import math

import pytest
import torch

from engine.light.sun import disc
from engine.sphere.cube import FACES, face, from_cube, strip, to_cube
from engine.sphere.equirectangular import direction, directions, solid_angles
from engine.sphere.gnomonic import View, render
from engine.sphere.resampling import around, reader, sample


def smooth(vectors: torch.Tensor) -> torch.Tensor:
    """A picture that is a smooth function of the direction, so it is known in every projection."""
    x, y, z = vectors
    return torch.stack([x * y + z, torch.sin(3 * x) + y * z, z * z - x]) / 2


@pytest.mark.parametrize(
    "view", [View(90, 0, 90, 16), View(200, 35, 100, 17), View(30, 90, 110, 32), View(0, -90, 120, 8)]
)
def test_places_go_to_a_view_and_back(view):
    row, column, seen = view.pixels(view.directions() * 7)
    places = torch.arange(float(view.size))
    assert seen.all()
    torch.testing.assert_close(row, places[:, None].expand_as(row), atol=1e-4, rtol=0)
    torch.testing.assert_close(column, places.expand_as(column), atol=1e-4, rtol=0)


def test_what_is_behind_or_beside_a_view_is_not_in_it():
    view = View(90, 0, 90, 8)
    _, _, seen = view.pixels(torch.stack([direction(*place) for place in [(90, 0), (134, 0), (136, 0), (270, 0)]], 1))
    assert seen.tolist() == [True, True, False, False]


def test_a_view_is_upright_and_its_right_is_to_the_right():
    towards = View(90, 0, 90, 8).directions()
    assert (towards[2, 0] > towards[2, -1]).all()  # up is up
    assert (towards[1, :, 0] > towards[1, :, -1]).all()  # azimuth 90 is +X, so the right is -Y
    upwards = View(90, 90, 90, 8).directions()
    assert (upwards[0, -1] > upwards[0, 0]).all()  # its lower edge is in front


def test_rows_beyond_a_pole_are_those_on_the_other_side():
    panorama = smooth(directions(32))
    beyond = reader(panorama)(-2, 34)
    assert torch.equal(beyond[:, 2:-2], panorama)
    assert torch.equal(beyond[:, 1], panorama[:, 0].roll(32, 1))
    assert torch.equal(beyond[:, -1], panorama[:, -2].roll(32, 1))


def test_a_part_of_a_panorama_goes_on_beyond_the_seam_and_the_poles():
    panorama = smooth(directions(32))
    tall = reader(panorama)(-5, 37)
    ring = torch.cat([tall, tall, tall], 2)
    for rows, columns in ((range(-5, 3), range(-9, 20)), (range(28, 37), range(50, 70)), (range(-5, 37), range(64))):
        expected = ring[:, rows.start + 5 : rows.stop + 5, columns.start + 64 : columns.stop + 64]
        assert torch.equal(around(panorama, rows, columns), expected)


def test_a_panorama_sampled_at_its_own_pixels_is_itself():
    panorama = torch.randn(3, 16, 32, generator=torch.Generator().manual_seed(1))
    for mode in ("bilinear", "bicubic"):
        again = sample(reader(panorama), 16, directions(16), mode)
        torch.testing.assert_close(again, panorama, atol=1e-3, rtol=0)  # pixels' places are right to 1e-4


@pytest.mark.parametrize(
    "view", [View(90, 0, 90, 64), View(268, 10, 90, 64), View(45, 90, 110, 64), View(45, -90, 110, 64)]
)
def test_a_view_shows_what_is_there(view):
    seen = render(reader(smooth(directions(256))), 256, view)
    torch.testing.assert_close(seen, smooth(view.directions()), atol=4e-3, rtol=0)


@pytest.mark.parametrize("size", [63, 64])
def test_cube_and_back(size):
    panorama = smooth(directions(128))
    faces = to_cube(reader(panorama), 128, size)
    for picture, name in zip(faces, FACES, strict=True):
        torch.testing.assert_close(picture, smooth(face(name, size).directions()), atol=2e-3, rtol=0)
    torch.testing.assert_close(from_cube(faces, 128), panorama, atol=2e-3, rtol=0)
    assert strip(faces).shape == (3, size, 6 * size)


def test_faces_meet_without_a_step():
    """Neighbouring pixels on two sides of a cube's edge differ as much as neighbours inside a face."""
    faces = dict(zip(FACES, to_cube(reader(smooth(directions(128))), 128, 64), strict=True))
    edges = {
        "front and right": (faces["pz"][:, :, -1], faces["px"][:, :, 0]),
        "front and left": (faces["pz"][:, :, 0], faces["nx"][:, :, -1]),
        "front and up": (faces["pz"][:, 0], faces["py"][:, -1]),
        "front and down": (faces["pz"][:, -1], faces["ny"][:, 0]),
        "back and right": (faces["nz"][:, :, 0], faces["px"][:, :, -1]),
        "up and right": (faces["py"][:, :, -1].flip(1), faces["px"][:, 0]),
    }
    inside = max(f.diff(dim=axis).abs().max().item() for f in faces.values() for axis in (1, 2))
    for name, (one, other) in edges.items():
        assert (one - other).abs().max().item() < 1.2 * inside, name


@pytest.mark.parametrize("place", [(100, 40), (135, 0), (270, 3), (0, 90)])
def test_a_sun_keeps_its_energy_on_the_cube(place):
    """Also on an edge between faces, on the panorama's seam and at the zenith."""
    size, sun = 128, disc(torch.ones(3), direction(*place), 256)
    faces = to_cube(reader(sun), 256, size)
    tangent = (torch.arange(size) + 0.5) * (2 / size) - 1
    area = (2 / size) ** 2 * (1 + tangent.square()[:, None] + tangent.square()) ** -1.5
    assert area.sum().item() * 6 == pytest.approx(4 * math.pi, rel=1e-3)
    assert (faces[:, 0] * area).sum().item() == pytest.approx(1, abs=0.06)
    back = from_cube(faces, 256)
    assert (back[0] * solid_angles(256)).sum().item() == pytest.approx(1, abs=0.13)


def test_gradients_go_through_both_ways():
    panorama = torch.randn(1, 8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def there_and_back(picture: torch.Tensor) -> torch.Tensor:
        return from_cube(to_cube(reader(picture), 8, 4), 8)

    assert torch.autograd.gradcheck(there_and_back, panorama.requires_grad_(), atol=1e-4)
    (gradient,) = torch.autograd.grad(there_and_back(panorama).sum(), panorama)
    assert gradient.sum().item() == pytest.approx(8 * 16, rel=0.02)
