"""A parametric sun in place of a clipped or blurred one: a disc of the right size that carries the right energy."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..sphere.equirectangular import azimuth_elevation, solid_angles
from .clear_sky import direct_to_diffuse, sun_colour
from .photometry import level_irradiance, luminance, within
from .surroundings import excess, reach_of

SUN_SIZE = 0.53  # degrees across
CLEAR_GLOW = 0.02  # share of the sun's light that clear air scatters around it; 0.05 and more in haze
_CONE = 2.5  # degrees: what pyrheliometers, and so the models fitted to them, count as direct (WMO-No. 8)
_ACROSS = 32  # samples along the disc at least
_FEWEST = 16, 4  # down and along a pixel
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


def restore_sun(
    radiance: Tensor, towards: Tensor, turbidity: float, depth: float = 0.0, ratio: float | None = None
) -> tuple[Tensor, Sun]:
    """Give the panorama ``[3, H, 2 H]`` the sun that a sky of its brightness has at *towards* ``[3]``.

    Energy is conserved: the disc gets what the clear-sky model says (or *ratio*, direct to diffuse irradiance on level
    ground) less what the glow within 2.5 degrees holds already. *turbidity*: Linke's. *depth*: optical, of
    what else is before the sun.
    """
    elevation = azimuth_elevation(towards)[1]
    height = math.sin(math.radians(max(elevation, _LOWEST)))
    glow = within(radiance, towards, _CONE)
    diffuse = luminance(level_irradiance(radiance) - glow * max(towards[2].item(), 0.0)).clamp(min=0).item()
    wanted = direct_to_diffuse(elevation, turbidity) * math.exp(-depth) if ratio is None else ratio
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

    Each pixel is lit by how much of it the disc covers, so the energy is right at every size, across the seam and at
    the zenith, where pixels are slivers.
    """
    pixel, radius = math.pi / height, math.radians(SUN_SIZE / 2)
    rows, columns = _touched(towards, radius, height)
    down, along = (max(fewest, math.ceil(_ACROSS * pixel / (2 * radius))) for fewest in _FEWEST)
    rise = math.pi / 2 - _within(rows, down)[:, :, None, None] * pixel
    turn = _within(columns, along) * pixel - math.pi / 2  # as of equirectangular.directions
    x, y, z = towards.double().cpu()
    cosine = rise.cos() * (turn.sin() * x + turn.cos() * y) + rise.sin() * z
    covered = ((cosine > math.cos(radius)) * rise.cos()).sum((1, 3))
    share = torch.zeros(height, 2 * height, dtype=torch.float64)
    share[rows[:, None].long(), columns.long() % (2 * height)] = covered / covered.sum()
    return irradiance[:, None, None] * (share / solid_angles(height)).to(irradiance)


def _within(pixels: Tensor, count: int) -> Tensor:
    """*count* places in each of *pixels* ``[n]``, evenly, ``[n, count]``."""
    return pixels[:, None] + (torch.arange(count, dtype=torch.float64) + 0.5) / count


def _touched(towards: Tensor, radius: float, height: int) -> tuple[Tensor, Tensor]:
    """Rows and columns, from 0 or before it, that a disc of *radius* (radians) at *towards* may reach into."""
    azimuth, elevation = (math.radians(angle) for angle in azimuth_elevation(towards))
    pixel = math.pi / height
    first, last = ((math.pi / 2 - elevation + side * radius) / pixel for side in (-1, 1))
    rows = torch.arange(max(0, math.floor(first)), min(height, math.ceil(last)), dtype=torch.float64)
    if abs(elevation) + radius >= math.pi / 2:
        return rows, torch.arange(2 * height, dtype=torch.float64)
    aside, middle = math.asin(math.sin(radius) / math.cos(elevation)), azimuth + math.pi / 2
    return rows, torch.arange(
        math.floor((middle - aside) / pixel), math.ceil((middle + aside) / pixel), dtype=torch.float64
    )
