"""Inverse tone mapping: what a saturated picture may have shown beyond its white.

Around the sun, radiance falls with a power of the angle (Buie, Monger, Dey, "Sunshape distributions for terrestrial
solar simulations", Solar Energy 74, 2003), so the saturated part of the glow is drawn inward from its edge. Elsewhere,
mostly in clouds, the middle of a saturated area is lifted more than its edge (Rempel et al., "LDR2HDR", SIGGRAPH 2007).
"""

import math

import torch
from torch import Tensor

from ..sphere.equirectangular import box_filter, degrees_from, directions

_WHITE = (0.9, 1.0)  # of the brightest channel: where saturation begins and is complete
_GLOW_POWER = 2.0
_GLOW_CORE = 1.0  # degrees: the disc and what the air around it scatters strongest
_WIDEST_GLOW = 6.0  # degrees; wider saturation is cloud
_CLOUD_LIFT = 1.2
_BLUR = 32  # of the panorama's height


def expand(radiance: Tensor, sun: Tensor | None) -> Tensor:
    """Lift the saturated parts of *radiance* ``[3, H, 2 H]``, whose white is 1. sun: unit vector ``[3]``, if any."""
    saturated = ((radiance.amax(0) - _WHITE[0]) / (_WHITE[1] - _WHITE[0])).clamp(0, 1)
    lift = 1 + (_CLOUD_LIFT - 1) * _blur(saturated)
    if sun is not None:
        angle = degrees_from(sun, directions(radiance.shape[1], radiance.device))
        glow = (_glow_edge(angle, saturated) / angle.clamp(min=_GLOW_CORE)).pow(_GLOW_POWER)
        lift = torch.maximum(lift, glow)
    return radiance * torch.lerp(torch.ones_like(lift), lift, saturated)


def _glow_edge(angle: Tensor, saturated: Tensor) -> float:
    """Degrees from the sun to where less than half of a ring is saturated."""
    ring = math.degrees(math.pi / len(angle))
    edge = 0.0
    while edge < _WIDEST_GLOW:
        inside = (angle >= edge) & (angle < edge + ring)
        if inside.any() and saturated[inside].mean() < 0.5:
            break
        edge += ring
    return edge


def _blur(mask: Tensor) -> Tensor:
    reach = max(1, mask.shape[0] // _BLUR)
    for _ in range(3):
        mask = box_filter(mask, reach)
    return mask
