"""The moon's phases: which part of its face is lit, and how much light that sends."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from .lighting import Light
from .scene import Scene, per_picture, per_pixel

_EARTHSHINE = 0.012
_ADAPTATION = 0.4  # an eye opens up under a thinner moon
_TILT = math.radians(-24)  # of the line from horn to horn, as it stands on an evening at middle latitudes
_TERMINATOR = 0.07  # softness, in radii


def lit_face(scene: Scene, right: Tensor, up: Tensor) -> Tensor:
    """Share of sunlight on each place of the disc, *right* and *up* in radii from its middle, [batch, rows, width].

    Waxing it is lit on the right, as north of the tropics. 1 all over when full.
    """
    turn = per_pixel(scene.moon_phase) * 2 * math.pi
    across = right * math.cos(_TILT) - up * math.sin(_TILT)
    outward = (1 - right.square() - up.square()).clamp(min=0).sqrt()
    cosine = across * turn.sin() - outward * turn.cos()
    lit = torch.sigmoid(cosine / _TERMINATOR).lerp(torch.ones_like(cosine), _fullness(scene))
    return lit.clamp(min=_EARTHSHINE)


def _fullness(scene: Scene) -> Tensor:
    """1 within half a day of full moon, when no shadow can be seen on it, [batch, 1, 1]."""
    return per_pixel(((0.034 - (scene.moon_phase - 0.5).abs()) / 0.017).clamp(0, 1))


def moonlight(scene: Scene) -> Tensor:
    """Share of a full moon's light as an adapted eye sees it, [batch] (Krisciunas and Schaefer 1991, equation 9)."""
    angle = 360 * (scene.moon_phase - 0.5).abs()
    return 10 ** (-0.4 * _ADAPTATION * (0.026 * angle + 4e-9 * angle**4))


def by_phase(scene: Scene, lit: Light) -> Light:
    """A moonlit night's light under a moon that is not full."""
    share = torch.where(scene.moonlit > 0, moonlight(scene), torch.ones_like(scene.moonlit))
    some = 0.35 + 0.65 * share[:, None]  # the rest of the night's light is not the moon's
    return replace(
        lit,
        sky=lit.sky * per_picture(some),
        horizon=lit.horizon * per_picture(some),
        ambient=lit.ambient * some,
        sun=lit.sun * share[:, None],
        sun_aloft=lit.sun_aloft * share[:, None],
    )
