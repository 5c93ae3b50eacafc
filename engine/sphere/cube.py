"""The sphere as six flat faces, as game engines take it.

Faces are named and turned as OpenGL has them (specification 4.6, table 8.19): seen from inside, +z is the front, +x is
to the right of it, +y is up. The front is the panorama's centre, which is Blender's +X.
"""

import torch
from torch import Tensor

from .equirectangular import directions
from .gnomonic import View, render
from .resampling import Reader, at_pixels

# Azimuth and elevation that each face looks to, in the order of a strip.
FACES = {"px": (180, 0), "nx": (0, 0), "py": (90, 90), "ny": (90, -90), "pz": (90, 0), "nz": (270, 0)}


def face(name: str, size: int) -> View:
    """The view that is the face *name*, *size* pixels a side."""
    azimuth, elevation = FACES[name]
    return View(azimuth, elevation, 90.0, size)


def to_cube(read: Reader, height: int, size: int) -> Tensor:
    """The faces ``[6, C, size, size]`` of the panorama of *height* rows that *read* reads, in the order of FACES."""
    return torch.stack([render(read, height, face(name, size)) for name in FACES])


def from_cube(faces: Tensor, height: int, mode: str = "bilinear") -> Tensor:
    """The panorama ``[C, height, 2 * height]`` of six *faces* ``[6, C, n, n]``. Differentiable."""
    return _at(_with_margins(faces), 1, directions(height, faces.device), mode)


def strip(faces: Tensor) -> Tensor:
    """Six faces ``[6, C, n, n]`` side by side, ``[C, n, 6 n]``."""
    return torch.cat(list(faces), 2)


def _at(faces: Tensor, margin: int, vectors: Tensor, mode: str) -> Tensor:
    """*faces* with *margin* more pixels on each side, at *vectors* ``[3, n, m]``: ``[C, n, m]``."""
    size = faces.shape[-1] - 2 * margin
    found, taken = None, torch.zeros(vectors.shape[1:], dtype=torch.bool, device=vectors.device)
    for picture, name in zip(faces, FACES, strict=True):
        row, column, seen = face(name, size).pixels(vectors)
        seen = seen & ~taken  # an edge belongs to two faces
        taken |= seen
        values = at_pixels(picture[None], row + margin, column + margin, mode) * seen
        found = values if found is None else found + values
    assert found is not None
    return found


def _with_margins(faces: Tensor) -> Tensor:
    """*faces* with one more pixel on each side, from the neighbours, so that there is no seam where they meet."""
    size = faces.shape[-1]
    around = range(-1, size + 1)
    wider = torch.stack(
        [_at(faces, 0, face(name, size).directions(around, around, faces.device), "bilinear") for name in FACES]
    )
    wider[:, :, 1:-1, 1:-1] = faces
    return wider
