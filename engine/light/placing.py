"""Where in a clipped picture's white a sun stands: a small network on the sky around it.

The middle of what is white is not the sun: a low one's glow is cut off by what stands on the horizon, and clouds are
white on one side of it only. What is around the white tells more. Looked at from the place found, it tells again.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..sphere.equirectangular import azimuth_elevation, direction
from ..sphere.gnomonic import frame
from .likeness import SkyAround
from .rings import Network, Rings, mirrored, network, rings_of

_SEEN = [0, 2, 3]  # of what rings tell: red, blue and white; green lies between
_LOOKS = 2
_FARTHEST = 10.0  # degrees that a look moves the place at most: the farthest that was fitted
_LOWEST = 0.27  # degrees, at which the whole disc stands above the horizon


def placed(look: Callable[[Tensor], SkyAround], towards: Tensor) -> Tensor:
    """Unit vector ``[3]`` to the sun whose white is about *towards* ``[3]``. look: shows the sky around a place."""
    for _ in range(_LOOKS):
        towards = moved(towards, offset(network("place"), *inputs(rings_of(look(towards)))))
    return towards


def inputs(rings: Rings) -> tuple[Tensor, Tensor]:
    """What the network sees, ``[146]``, and what it would see in a mirror."""
    here = rings.sectors[_SEEN]
    return torch.cat([here.flatten(), rings.height]), torch.cat([mirrored(here).flatten(), rings.height])


def offset(net: Network, seen: Tensor, mirror: Tensor) -> Tensor:
    """Degrees to the right and up that the sun is off, ``[..., 2]``; a mirrored sky's are mirrored exactly."""
    here, there = net(seen), net(mirror)
    return torch.stack([here[..., 0] - there[..., 0], here[..., 1] + there[..., 1]], -1)


def moved(towards: Tensor, degrees: Tensor) -> Tensor:
    """*towards* ``[3]`` moved along the sphere by *degrees* ``[2]`` to the right and up, but not below the horizon."""
    right, up, _ = frame(*azimuth_elevation(towards), like=towards)
    size = degrees.norm().clamp(min=1e-6)
    angle = size.clamp(max=_FARTHEST).deg2rad()
    side = (degrees[0] * right + degrees[1] * up) / size
    azimuth, elevation = azimuth_elevation(normalize(towards * angle.cos() + side * angle.sin(), dim=0))
    return direction(azimuth, max(elevation, _LOWEST))
