"""Which parts a model in diffusers layout has. Standard library only."""

from collections.abc import Mapping
from typing import Any


def parts_of(index: Mapping[str, Any]) -> frozenset[str]:
    """The parts that ``model_index.json`` lists and that come as files of diffusers or transformers, by name."""
    return frozenset(
        name
        for name, part in index.items()
        if isinstance(part, list) and len(part) == 2 and part[0] in ("diffusers", "transformers")
    )
