"""What a picture shows in the sun's place, and what it would show there without the sun.

Blender's nodes draw the sun anew (scene/sun_group.py): they paint its pixels over from the left and the right, as is
done here, and give the disc and the glow what the pixels had more.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..sphere.equirectangular import directions, solid_angles
from ..sphere.resampling import reader, sample
from .photometry import rows_around

_SMEAR = 2.5 * 2**0.5  # pixels that a cubic interpolation spreads a pixel's corner


def reach_of(degrees: float, height: int) -> float:
    """Degrees from the sun to where no pixel of something of radius *degrees* is seen in a panorama of *height* rows,
    however it is interpolated."""
    return degrees + _SMEAR * 180 / height


def excess(radiance: Tensor, towards: Tensor, degrees: float) -> Tensor:
    """Irradiance ``[3]``, facing it, that the panorama ``[3, H, 2 H]`` has within *degrees* of *towards* ``[3]`` beyond
    what is left and right of it."""
    height = radiance.shape[1]
    towards = towards.to(radiance)
    across = torch.linalg.cross(towards, towards.new_tensor((0.0, 0.0, 1.0)))
    across = normalize(across, dim=0) if across.norm() > 1e-3 else towards.new_tensor((1.0, 0.0, 0.0))
    rows = rows_around(towards, degrees, height)
    every = directions(height, radiance.device, rows)
    chord = (every - towards[:, None, None]).norm(dim=0)
    inside = chord < math.radians(degrees)
    if not inside.any():
        return radiance.new_zeros(3)
    places, chord = every[:, inside], chord[inside]
    place = across @ places
    half = (math.radians(degrees) ** 2 - chord.square() + place.square()).clamp(min=0).sqrt()
    left, right = (
        sample(reader(radiance), height, (places + across[:, None] * (side * half - place))[..., None], "bilinear")[
            ..., 0
        ]
        for side in (-1, 1)
    )
    sky = torch.lerp(left, right, (place + half) / (2 * half).clamp(min=1e-9))
    area = solid_angles(height, radiance.device)[rows].expand_as(inside)[inside]
    return ((radiance[:, rows][:, inside] - sky) * area).sum(1)
