"""Transfer functions: what a model's picture values mean as light, and how light is shown on a display.

A model's decoder gives values in [-1, 1]. What they stand for is the model's *transfer*: ``srgb`` for ordinary models
(display-referred, white is 1), ``log_radiance`` for models that were trained on scene-linear skies. Radiance is
scene-linear Rec.709 throughout.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..errors import BadModel

HALF_MAX = 65504.0  # the largest finite half float: radiance stays representable in every EXR pixel type
_TOE = 16.0
_LOG_RANGE = math.log2(1 + _TOE * HALF_MAX)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """IEC 61966-2-1 encoding of values in [0, 1]; differentiable everywhere."""
    return (linear * 12.92).where(linear <= 0.0031308, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """IEC 61966-2-1 decoding of values in [0, 1]."""
    return (encoded / 12.92).where(encoded <= 0.04045, ((encoded.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)


def tonemap(radiance: Tensor, exposure: float = 0.0) -> Tensor:
    """Radiance to sRGB in [0, 1], *exposure* in stops: Narkowicz' fit of the ACES filmic curve (2015)."""
    x = radiance.clamp(min=0) * (0.75 * 2**exposure)
    return linear_to_srgb(((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)).clamp(0, 1))


def untonemap(shown: Tensor) -> Tensor:
    """Inverse of :func:`tonemap` without exposure, for values in [0, 1]. White is the least radiance that shows so."""
    y = srgb_to_linear(shown.clamp(0, 1))
    a, b, c = 2.51 - 2.43 * y, 0.03 - 0.59 * y, -0.14 * y
    return ((b.square() - 4 * a * c).sqrt() - b) / (2 * a) / 0.75


def radiance_to_log(radiance: Tensor) -> Tensor:
    """Radiance in [0, 65504] to [-1, 1]: the square root of a logarithm, so that night, day and sun share the range.

    Keep the result in float32 or float16; bfloat16 costs 5 % of radiance.
    """
    return (radiance.clamp(0, HALF_MAX).mul(_TOE).add(1).log2() / _LOG_RANGE).sqrt() * 2 - 1


def log_to_radiance(code: Tensor) -> Tensor:
    """Inverse of :func:`radiance_to_log`; values outside [-1, 1] are clamped."""
    return (((code.clamp(-1, 1) + 1) / 2).square() * _LOG_RANGE).exp2().sub(1) / _TOE


def _srgb_display(code: Tensor) -> Tensor:
    return ((code + 1) / 2).clamp(0, 1)


@dataclass(frozen=True)
class Transfer:
    """What a model's picture values in [-1, 1] mean.

    ``to_radiance``: to scene-linear Rec.709. ``from_radiance``: its inverse, which clips what is brighter than white.
    ``to_display``: to what a viewer sees, sRGB in [0, 1], differentiable where it is not saturated (as in the authors'
    SyncDiffusion code, whose loss sees saturated pictures too). ``from_display``: what a viewer sees, such as a photo,
    to the radiance that the model would show so. ``clips``: radiance ends at a display's white, so what was brighter is
    lost.
    """

    name: str
    to_radiance: Callable[[Tensor], Tensor]
    from_radiance: Callable[[Tensor], Tensor]
    to_display: Callable[[Tensor], Tensor]
    from_display: Callable[[Tensor], Tensor]
    clips: bool


TRANSFERS = {
    "srgb": Transfer(
        "srgb",
        lambda code: srgb_to_linear(_srgb_display(code)),
        lambda radiance: linear_to_srgb(radiance.clamp(0, 1)) * 2 - 1,
        _srgb_display,
        srgb_to_linear,
        clips=True,
    ),
    "log_radiance": Transfer(
        "log_radiance",
        log_to_radiance,
        radiance_to_log,
        lambda code: tonemap(log_to_radiance(code)),
        untonemap,
        clips=False,
    ),
}


def transfer(name: str) -> Transfer:
    """Look up a transfer by the name in a model's ``skyloom.json``. Raises :class:`BadModel` for an unknown one."""
    if name not in TRANSFERS:
        raise BadModel(f"The model's transfer function '{name}' is unknown.", f"Known: {', '.join(TRANSFERS)}.")
    return TRANSFERS[name]
