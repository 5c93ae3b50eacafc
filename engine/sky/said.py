"""What a prompt says of a sky, in the words that captions are made of: the way back from :mod:`.captions`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

from .parameters import Clouds, Glow, Ground, Time
from .phrases import AURORA, CLOUDS, GLOWS, GROUNDS, HAZE, HILLS, MOUNTAINS, TIMES

Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class Said:
    """None and False are what a prompt does not speak of."""

    time: Time | None
    clouds: Clouds | None
    ground: Ground | None
    glow: Glow | None
    mountains: bool
    hills: bool
    haze: bool
    aurora: bool

    @classmethod
    def by(cls, prompt: str) -> Self:
        """What *prompt* says."""
        return cls(
            time=kind_said(prompt, TIMES),
            clouds=kind_said(prompt, CLOUDS),
            ground=kind_said(prompt, GROUNDS),
            glow=kind_said(prompt, GLOWS),
            mountains=says(prompt, MOUNTAINS),
            hills=says(prompt, HILLS),
            haze=says(prompt, HAZE),
            aurora=says(prompt, AURORA),
        )


def kind_said(prompt: str, words: Mapping[Kind, Sequence[str]]) -> Kind | None:
    """The kind of the longest phrase that is in the prompt: "late afternoon" and not "afternoon"."""
    found = [(len(phrase), kind) for kind, phrases in words.items() for phrase in phrases if says(prompt, (phrase,))]
    return max(found, key=lambda match: match[0])[1] if found else None


def says(prompt: str, phrases: Sequence[str]) -> bool:
    """Whether one of *phrases* is in the prompt, as whole words."""
    return any(re.search(rf"\b{re.escape(phrase)}\b", prompt, re.IGNORECASE) for phrase in phrases)
