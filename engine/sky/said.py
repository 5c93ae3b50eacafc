"""What a prompt says of a sky, in the words that captions are made of: the way back from :mod:`.captions`."""

import re
from collections.abc import Iterable, Mapping, Sequence
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
        clouds = [phrase for some in CLOUDS.values() for phrase in some]
        return cls(
            time=kind_said(prompt, TIMES),
            clouds=kind_said(prompt, CLOUDS) or (Clouds.CLEAR if _affirmed(prompt, clouds) != prompt else None),
            ground=kind_said(prompt, GROUNDS),
            glow=kind_said(prompt, GLOWS),
            mountains=says(prompt, MOUNTAINS),
            hills=says(prompt, HILLS),
            haze=says(prompt, HAZE),
            aurora=says(prompt, AURORA),
        )


def kind_said(prompt: str, words: Mapping[Kind, Sequence[str]]) -> Kind | None:
    """The kind of the longest phrase that is in the prompt: "late afternoon" and not "afternoon"."""
    phrases = {phrase: kind for kind, some in words.items() for phrase in some}
    affirmed = _affirmed(prompt, phrases)
    found = [phrase for phrase in phrases if _has(affirmed, phrase)]
    return phrases[max(found, key=len)] if found else None


def says(prompt: str, phrases: Sequence[str]) -> bool:
    """Whether one of *phrases* is in the prompt, as whole words and not denied."""
    affirmed = _affirmed(prompt, phrases)
    return any(_has(affirmed, phrase) for phrase in phrases)


def _affirmed(prompt: str, phrases: Iterable[str]) -> str:
    """*prompt* without what it says is not there: "without mountains"."""
    any_phrase = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.sub(rf"\b(no|without|without any|not any) ({any_phrase})\b", "", prompt, flags=re.IGNORECASE)


def _has(prompt: str, phrase: str) -> bool:
    return re.search(rf"\b{re.escape(phrase)}\b", prompt, re.IGNORECASE) is not None
