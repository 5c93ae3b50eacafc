"""How much of the light under a clear sky comes from the sun itself, and of which colour it is.

Irradiance: the ESRA model (Rigollier, Bauer, Wald, "On the clear sky model of the ESRA", Solar Energy 68, 2000), whose
one parameter is the Linke turbidity: 2 for very clear cold air, 3 for clear warm air, 5 for moist, 7 for polluted air.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ..sphere.equirectangular import box_filter, solid_angles
from .photometry import luminance

_LOWEST_SUN = 0.5  # degrees: below that the disc is cut by the horizon
_REDDEST_SUN = 3.0  # degrees; a lower one is dimmer than the glow around it, which is no redder
# Vertical optical depths of air and ozone at red, green and blue, from the coefficients of engine/sky/atmosphere.py.
_AIR_DEPTH = (0.056, 0.136, 0.266)
_HAZE_DEPTH, _HAZE_EXPONENT = 0.02, 1.3  # per unit of turbidity beyond clean air, at 550 nm; Angstrom's usual exponent
_WAVELENGTHS = (0.68, 0.55, 0.44)  # micrometres
# Clouds take from the sun what they add to the sky, as turbid air does. Fitted to renders of engine.sky: docs/light.md.
CLEAR, _CLOUDED = 3.5, 5.5
_SMOOTH, _ROUGH = 0.02, 0.08  # mean step of log luminance within a few degrees


def air_mass(elevation: float) -> float:
    """Relative optical air mass (Kasten and Young, Applied Optics 28, 1989); elevation in degrees, not below 0."""
    return 1 / (math.sin(math.radians(elevation)) + 0.50572 * (elevation + 6.07995) ** -1.6364)


def direct_to_diffuse(elevation: float, turbidity: float) -> float:
    """Direct over diffuse irradiance on level ground under a clear sky with the sun at *elevation* degrees."""
    elevation = max(elevation, _LOWEST_SUN)
    height, mass = math.sin(math.radians(elevation)), air_mass(elevation)
    if mass <= 20:
        rayleigh = 1 / (6.6296 + 1.7513 * mass - 0.1202 * mass**2 + 0.0065 * mass**3 - 0.00013 * mass**4)
    else:
        rayleigh = 1 / (10.4 + 0.718 * mass)
    direct = height * math.exp(-0.8662 * turbidity * mass * rayleigh)
    zenith = -1.5843e-2 + 3.0543e-2 * turbidity + 3.797e-4 * turbidity**2
    a0 = max(2.6463e-1 - 6.1581e-2 * turbidity + 3.1408e-3 * turbidity**2, 2e-3 / zenith)
    a1 = 2.0402 + 1.8945e-2 * turbidity - 1.1161e-2 * turbidity**2
    a2 = -1.3025 + 3.9231e-2 * turbidity + 8.5079e-3 * turbidity**2
    return direct / (zenith * (a0 + a1 * height + a2 * height**2))


def sun_colour(elevation: float, turbidity: float) -> Tensor:
    """Colour ``[3]`` of the sun through the air (Beer and Lambert), of luminance 1; white is sunlight above the air."""
    mass = air_mass(max(elevation, _REDDEST_SUN))
    air = torch.tensor(_AIR_DEPTH)
    haze = _HAZE_DEPTH * (turbidity - 1) * (torch.tensor(_WAVELENGTHS) / 0.55) ** -_HAZE_EXPONENT
    passed = torch.exp(-mass * (air + haze))
    return passed / luminance(passed)


def judge_turbidity(radiance: Tensor) -> float:
    """Turbidity that fits the sky of a panorama ``[3, H, 2 H]``: the rougher its picture, the more clouds it has."""
    height = 128
    seen = luminance(adaptive_avg_pool2d(radiance.float(), (height, 2 * height)))
    level = (seen.clamp(max=2) + 0.01).log()
    rows = slice(height // 12, height * 5 // 12)  # from 15 to 75 degrees: no horizon, no stretched zenith
    steps = (level - box_filter(level, 4)).abs()[rows].mean(1, keepdim=True)
    area = solid_angles(height, radiance.device)[rows]
    cloudy = ((steps * area).sum() / area.sum() - _SMOOTH) / (_ROUGH - _SMOOTH)
    return CLEAR + (_CLOUDED - CLEAR) * cloudy.clamp(0, 1).item()
