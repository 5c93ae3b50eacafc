"""A parametric sun in place of a clipped or blurred one: a disc of the right size that carries the right energy."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..sphere.equirectangular import azimuth_elevation, pixels, solid_angles
from .clear_sky import direct_to_diffuse, sun_colour
from .photometry import level_irradiance, luminance, within
from .surroundings import excess, reach_of

SUN_SIZE = 0.53  # degrees across
CLEAR_GLOW = 0.02  # share of the sun's light that clear air scatters around it; 0.05 and more in haze
_CONE = 2.5  # degrees: what pyrheliometers, and so the models fitted to them, count as direct (WMO-No. 8)
_POINTS = 8192
_KEPT_SHARE = 0.5  # of the model's energy: a sun that has as much is a true one and is left as it is
_LOWEST = 0.5  # degrees


@dataclass(frozen=True)
class Sun:
    """The sun of a finished panorama.

    reach: degrees around it where the picture's pixels are brighter because of it. irradiance: ``[3]``, facing it, of
    these beyond the sky's. glow: share of it that is not the disc's. ratio: direct to diffuse irradiance on level
    ground. added: False if the sun was true.
    """

    reach: float
    irradiance: Tensor
    glow: float
    ratio: float
    added: bool


def restore_sun(radiance: Tensor, towards: Tensor, turbidity: float, ratio: float | None) -> tuple[Tensor, Sun]:
    """Give the panorama ``[3, H, 2 H]`` the sun that a sky of its brightness has at *towards* ``[3]``.

    Energy is conserved: the disc gets what the clear-sky model says (or *ratio*, direct to diffuse irradiance on level
    ground) less what the glow within 2.5 degrees holds already. *turbidity*: Linke's.
    """
    elevation = azimuth_elevation(towards)[1]
    height = math.sin(math.radians(max(elevation, _LOWEST)))
    glow = within(radiance, towards, _CONE)
    diffuse = luminance(level_irradiance(radiance) - glow * max(towards[2].item(), 0.0)).clamp(min=0).item()
    wanted = direct_to_diffuse(elevation, turbidity) if ratio is None else ratio
    model = (sun_colour(elevation, turbidity) * (wanted * diffuse / height)).to(radiance)
    missing = (model - glow).clamp(min=0)
    if luminance(missing) <= (1 - _KEPT_SHARE) * luminance(model) and ratio is None:
        reached = reach_of(_CONE, radiance.shape[1])
        held = excess(radiance, towards, reached).clamp(min=0)
        found = luminance(glow).item() * height / max(diffuse, 1e-9)
        return radiance, Sun(reached, held, CLEAR_GLOW, found, added=False)
    lit = disc(missing, towards, radiance.shape[1]).add_(radiance)
    reached = reach_of(SUN_SIZE / 2, radiance.shape[1])
    whole = torch.maximum(excess(lit, towards, reached), missing)
    share = 1 - (luminance(missing) / luminance(whole).clamp(min=1e-9)).item()
    return lit, Sun(reached, whole, max(share, CLEAR_GLOW), wanted, added=True)


def disc(irradiance: Tensor, towards: Tensor, height: int) -> Tensor:
    """Radiance ``[3, height, 2 * height]`` of a sun's disc that gives a surface facing it exactly *irradiance* ``[3]``.

    Points spread evenly over the disc each bring their share to the pixel that they fall into, so pixels are lit by
    coverage and the energy is right at every size, across the seam and at the zenith.
    """
    towards = towards.to(irradiance)
    k = torch.arange(_POINTS, device=irradiance.device) + 0.5
    reach, turn = math.radians(SUN_SIZE / 2) * (k / _POINTS).sqrt(), math.pi * (1 + 5**0.5) * k  # Vogel's spiral
    side = irradiance.new_tensor((0.0, 0.0, 1.0) if abs(towards[2]) < 0.9 else (1.0, 0.0, 0.0))
    right = normalize(torch.linalg.cross(side, towards), dim=0)
    up = torch.linalg.cross(towards, right)
    points = towards[:, None] + right[:, None] * (reach * turn.cos()) + up[:, None] * (reach * turn.sin())
    row, column = (place.round().long() for place in pixels(points, height))
    row, column = row.clamp(0, height - 1), column % (2 * height)
    share = torch.zeros(height * 2 * height, device=irradiance.device)
    share.index_add_(0, row * 2 * height + column, torch.full_like(k, 1 / _POINTS))
    return irradiance[:, None, None] * (share.view(height, 2 * height) / solid_angles(height, share.device))
