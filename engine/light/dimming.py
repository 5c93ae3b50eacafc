"""How much a sun in a clipped picture is dimmed by clouds and haze: ridge regression on the sky around it.

What is white around a bare sun is a round glow; a cloud before it spreads the white, and a hazy sky is less blue.
"""

import math

import torch
from torch import Tensor

from .clear_sky import CLEAR, direct_to_diffuse
from .likeness import WHITE, SkyAround, mean_of, tint

_RINGS = ((0.0, 4.0), (4.0, 10.0), (10.0, 25.0), (25.0, 60.0), (60.0, 180.0))  # degrees from the sun
_NEAR = 3  # of them: farther off, white is other clouds
_LOW = 12.0  # degrees
_THINNEST, _THICKEST = -1.0, 3.0  # of the optical depths that renders have; clearest air has the first

# Fitted by `python -m training.dimming`, on renders: white of the near rings, tint of all, and the sun's height.
_WEIGHTS = (-0.852, 0.0289, 0.824, -0.136, 0.677, 0.0311, -0.525, -0.518, 0.114, -0.0102)
_BIAS = 1.71


def optical_depth(around: SkyAround) -> float:
    """Of what dims the sun in the middle of *around*, beyond clear air (:data:`CLEAR`): its light on level ground over
    that of the sky is exp(-depth) of the clear sky's. Below 0 in clearer air."""
    depth = (measures(around) @ torch.tensor(_WEIGHTS)).item() + _BIAS
    return min(max(depth, _THINNEST), _THICKEST)


def measures(around: SkyAround) -> Tensor:
    """What the regression sees, ``[10]``."""
    white, colour = (around.picture.amin(0) > WHITE).float(), tint(around.picture)
    whites = [mean_of(white, around, ring) for ring in _RINGS[:_NEAR]]
    tints = [mean_of(colour, around, ring) for ring in _RINGS]
    low = max(0.0, 1 - around.elevation / _LOW)
    return torch.stack([*whites, *tints, *torch.tensor([math.log(direct_to_diffuse(around.elevation, CLEAR)), low])])
