"""How much a sun in a clipped picture is dimmed by clouds and haze: a small network on the rings around it.

What is white around a bare sun is a round glow; a cloud before it spreads the white, and a hazy sky is less blue.
"""

import torch
from torch import Tensor

from .likeness import SkyAround
from .rings import Rings, network, rings_of

_THINNEST, _THICKEST = -1.5, 4.0  # of the optical depths that renders have; clearest air has the first


def optical_depth(around: SkyAround) -> float:
    """Of what dims the sun in the middle of *around*, beyond clear air (``clear_sky.CLEAR``): its light on level ground
    over that of the sky is exp(-depth) of the clear sky's. Below 0 in clearer air."""
    depth = network("depth")(measures(rings_of(around))).item()
    return min(max(depth, _THINNEST), _THICKEST)


def measures(rings: Rings) -> Tensor:
    """What the network sees, ``[27]``."""
    return torch.cat([rings.whole.flatten(), rings.brightness[None], rings.height])
