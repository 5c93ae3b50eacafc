"""Amounts of light in a panorama: luminance, irradiance, and what a white card under it shows."""

import math

import torch
from torch import Tensor

from ..errors import BadRequest
from ..sphere.equirectangular import directions, solid_angles

LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec.709


def check_panorama(radiance: Tensor) -> None:
    """Raise :class:`BadRequest` unless *radiance* is ``[3, H, 2 H]``, finite, not negative and not black all over."""
    if radiance.dim() != 3 or radiance.shape[0] != 3 or radiance.shape[2] != 2 * radiance.shape[1]:
        size = " x ".join(map(str, reversed(radiance.shape[1:])))
        raise BadRequest(f"The picture is {size}, not twice as wide as high.", "Give an equirectangular panorama, 2:1.")
    lowest, highest = (value.item() for value in radiance.aminmax())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise BadRequest("The picture has values that are infinite or not numbers.", "Write it again without them.")
    if lowest < 0:
        raise BadRequest(f"The picture has negative values, down to {lowest:.3g}.", "Clamp them to 0.")
    if highest == 0:
        raise BadRequest("The picture is black all over, so there is no light to work with.", "Generate another one.")


def luminance(radiance: Tensor) -> Tensor:
    """``[3, ...]`` to ``[...]``."""
    return torch.tensordot(radiance.new_tensor(LUMINANCE), radiance, dims=1)


def level_irradiance(radiance: Tensor) -> Tensor:
    """Irradiance ``[3]`` that the upper half of the panorama ``[3, H, 2 H]`` gives a level surface."""
    height = radiance.shape[1]
    pixel = math.pi / height
    rise = math.pi / 2 - (torch.arange(height, device=radiance.device) + 0.5) * pixel
    weight = rise.sin().clamp(min=0) * solid_angles(height, radiance.device)[:, 0]
    return (radiance.sum(2) * weight).sum(1)


def white_card(radiance: Tensor) -> float:
    """Luminance of a diffuse white card (albedo 1) lying under the panorama."""
    return luminance(level_irradiance(radiance)).item() / math.pi


def within(radiance: Tensor, towards: Tensor, degrees: float) -> Tensor:
    """Irradiance ``[3]`` that the cone of half-angle *degrees* around *towards* ``[3]`` gives a surface facing it.

    Pixels at the cone's edge count by how far they are inside, so that small panoramas and large ones agree.
    """
    height = radiance.shape[1]
    pixel, reach = math.pi / height, math.radians(degrees)
    rows = rows_around(towards, degrees, height)
    towards = towards.to(radiance.device)
    cosine = torch.tensordot(towards, directions(height, radiance.device, rows), dims=1).clamp(-1, 1)
    inside = ((reach - torch.acos(cosine)) / pixel + 0.5).clamp(0, 1)
    area = solid_angles(height, radiance.device)[rows]
    return (radiance[:, rows] * (inside * cosine.clamp(min=0) * area)).sum((1, 2))


def rows_around(towards: Tensor, degrees: float, height: int) -> slice:
    """The rows of a panorama of *height* that come within *degrees* of *towards* ``[3]``, and a few more."""
    pixel = 180 / height
    middle = math.degrees(math.acos(max(-1.0, min(1.0, towards[2].item()))))
    return slice(max(0, int((middle - degrees) / pixel) - 2), int((middle + degrees) / pixel) + 3)
