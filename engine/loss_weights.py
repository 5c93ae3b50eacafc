"""What synchronization makes alike, as a job says it: a sum of distances with weights. Standard library only."""

import math
from typing import Literal, cast, get_args

from . import checks
from .errors import BadRequest

LossName = Literal["lpips-vgg", "lpips-alex", "style", "clip", "clip-prompt"]
WEIGHT_LIMIT = 1e6


def loss_weights(text: str) -> dict[LossName, float]:
    """The distances and weights in a sum such as ``"lpips-vgg + 100 * style"``. Raises :class:`BadRequest`."""
    weights: dict[LossName, float] = {}
    for term in text.split("+"):
        factor, times, name = (part.strip() for part in term.rpartition("*"))
        checks.choice("A distance in sync_loss", name, get_args(LossName))
        try:
            weight = float(factor) if times else 1.0
        except ValueError:
            weight = math.nan
        if not 0 < weight <= WEIGHT_LIMIT:
            raise BadRequest(
                f"The weight of {name} in sync_loss is '{factor}'.", f"It must be above 0, at most {WEIGHT_LIMIT:g}."
            )
        weights[cast(LossName, name)] = weight
    return weights
