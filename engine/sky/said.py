"""What a prompt says of a sky: each of its parts is read as that known phrase which it shares most with.

"The sun going down behind the pines" has the words of "sunset" and of "pine trees". Rare words say more than common
ones (inverse document frequency, Spärck Jones 1972).
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import groupby, islice
from typing import Self, TypeVar

from ..kindred_words import KINDRED
from ..words import Stem, clauses, stem
from . import paraphrases, phrases
from .parameters import Clouds, Glow, Ground, MoonPhase, Thing, Time

_ENOUGH = 0.68  # of a phrase's weight, where not all of it is said: "high feathery wisps" is "high wispy clouds"
_NEEDED = {"sun", "moon", "day"}  # no phrase with one of these is said without it
_FARTHEST = 7  # words from one of a phrase's to the next
# A match's score is what its words weigh, and
_APART = 0.25  # less for every word in between,
_TURNED = 1.0  # for another order of its words,
_OWN = 1.5  # and more for one of :mod:`.phrases`, as paraphrases are broader.
_THINGS: dict[Thing, Sequence[str]] = {
    Thing.MOUNTAINS: phrases.MOUNTAINS,
    Thing.HILLS: phrases.HILLS,
    Thing.SKYLINE: phrases.SKYLINES,
    Thing.CITY_GLOW: phrases.CITY_GLOWS,
    Thing.COAST: phrases.COASTS,
    Thing.THUNDERHEAD: phrases.THUNDERHEADS,
    Thing.RAYS: phrases.RAYS,
    Thing.FOG: phrases.FOG,
    Thing.HAZE: phrases.HAZE,
    Thing.MILKY_WAY: phrases.MILKY_WAY,
    Thing.AURORA: phrases.AURORA,
}
Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a prompt speaks of; None where it does not."""

    time: Time | None
    clouds: Clouds | None
    ground: Ground | None
    glow: Glow | None
    moon: MoonPhase | None
    things: frozenset[Thing]

    @classmethod
    def by(cls, prompt: str) -> Self:
        """What *prompt* says."""
        kinds = kinds_said(prompt)
        moon = _first(kinds, MoonPhase)
        return cls(
            time=_time(kinds, moon),
            clouds=_clouds(kinds),
            ground=_first(kinds, Ground),
            glow=_first(kinds, Glow),
            moon=moon,
            things=frozenset(kind for kind in kinds if isinstance(kind, Thing)),
        )


def says(prompt: str, phrases: Sequence[str]) -> bool:
    """Whether one of *phrases* is in the prompt, in any form of its words and not denied."""
    asked = [words for phrase in phrases for words in _words(phrase)]
    return any(
        said[i : i + len(words)] == words for said in _words(prompt) for words in asked for i in range(len(said))
    )


def _words(text: str) -> list[list[str]]:
    """Of each clause, with compounds in one piece: a sunset is not a sun."""
    return [["".join(one.text for one in word) for _, word in groupby(clause, _place)] for clause in clauses(text)]


def understood() -> list[str]:
    """Every word that is read, whether or not a model was taught it."""
    return [*KINDRED, *(word for phrase, _, _ in _spelled() for word in phrase.split())]


def _place(stem: Stem) -> int:
    return stem.place


def _first(kinds: Sequence[StrEnum], table: type[Kind]) -> Kind | None:
    return next((kind for kind in kinds if isinstance(kind, table)), None)


def _time(kinds: Sequence[StrEnum], moon: MoonPhase | None) -> Time | None:
    """Of several hours the one said most clearly, but that a night with a moon is a moonlit one."""
    time = _first(kinds, Time)
    if time in (None, Time.NIGHT) and (moon or Time.MOON in kinds):
        return Time.MOON
    nightly = Thing.AURORA in kinds or Thing.MILKY_WAY in kinds
    return Time.NIGHT if nightly and time is None else time


def _clouds(kinds: Sequence[StrEnum]) -> Clouds | None:
    """Of several kinds: a storm, which has others' words, too; and hardly a clear sky, as blue as it may be."""
    clouds = [kind for kind in kinds if isinstance(kind, Clouds)]
    return max(clouds, key=lambda kind: (kind == Clouds.STORM) - (kind == Clouds.CLEAR), default=None)


@dataclass(frozen=True)
class _Phrase:
    """stems: each once. own: it is one of :mod:`.phrases`."""

    stems: tuple[str, ...]
    kind: StrEnum
    own: bool


@dataclass(frozen=True)
class _Match:
    score: float
    kind: StrEnum
    words: frozenset[Stem]


@lru_cache(maxsize=64)
def kinds_said(prompt: str) -> tuple[StrEnum, ...]:
    """All that *prompt* speaks of, most clearly first. A word is read once: the low hills' "low" is not the sun's."""
    matches: list[_Match] = []
    for clause in clauses(prompt):
        left = [Stem(_kindred().get(one.text, one.text), one.place) for one in clause]
        while found := sorted(_matches(left), key=_score):
            read: set[Stem] = set()
            while found:
                if read.isdisjoint((match := found.pop()).words):
                    matches.append(match)
                    read |= match.words
            left = [one for one in left if one not in read]
        if any(one.text == "sun" for one in left):  # of which no more is said
            matches.append(_Match(0.0, Thing.SUN, frozenset()))
    return tuple(match.kind for match in sorted(matches, key=_score, reverse=True))


def _score(match: _Match) -> float:
    return match.score


def _matches(left: Sequence[Stem]) -> Iterator[_Match]:
    for i, one in enumerate(left):
        for phrase in _phrases_with().get(one.text, ()):
            if match := _match(left, i, phrase):
                yield match


def _match(left: Sequence[Stem], first: int, phrase: _Phrase) -> _Match | None:
    """*phrase*, or enough of it, in the word *first* of *left* and those soon after it."""
    last = left[first].place
    words = {left[first].text: left[first]}
    for one in islice(left, first + 1, None):
        if one.place - last > _FARTHEST:
            break
        if one.text in phrase.stems and one.text not in words:
            words[one.text], last = one, one.place
    weights = _weights()
    whole, weight = (sum(weights[text] for text in texts) for texts in (phrase.stems, words))
    enough = len(words) > 1 and weight > _ENOUGH * whole and _NEEDED.intersection(phrase.stems) <= words.keys()
    if len(words) < len(phrase.stems) and not enough:
        return None
    apart = max(0, last - left[first].place + 1 - len(words))
    order = [phrase.stems.index(text) for text in words]
    score = 2 * weight - whole - _APART * apart - _TURNED * (order != sorted(order)) + _OWN * phrase.own
    return _Match(score, phrase.kind, frozenset(words.values()))


@lru_cache(maxsize=1)
def _phrases_with() -> Mapping[str, Sequence[_Phrase]]:
    """Of each stem."""
    known: dict[str, list[_Phrase]] = {}
    for phrase in _phrases():
        for text in phrase.stems:
            known.setdefault(text, []).append(phrase)
    return known


@lru_cache(maxsize=1)
def _phrases() -> Sequence[_Phrase]:
    known: dict[frozenset[str], _Phrase] = {}
    for text, kind, own in _spelled():
        stems = _stems(text)
        known.setdefault(frozenset(stems), _Phrase(tuple(dict.fromkeys(stems)), kind, own))
    return list(known.values())


def _spelled() -> Iterator[tuple[str, StrEnum, bool]]:
    """Every phrase, what it means, and whether it is one of :mod:`.phrases`; these first."""
    for table in (phrases.TIMES, phrases.CLOUDS, phrases.GROUNDS, phrases.GLOWS, phrases.MOONS, _THINGS):
        for kind, some in table.items():
            yield from ((phrase, kind, True) for phrase in some)
    for kind, some in phrases.CLOUDS.items():
        for phrase in some:
            yield from ((other, kind, False) for other in _other_clouds(phrase))
    for more in paraphrases.TABLES:
        for kind, some in more.items():
            yield from ((phrase, kind, False) for phrase in some)


def _other_clouds(phrase: str) -> Iterator[str]:
    """*phrase* with other words for what it speaks of: of "storm clouds" also "storm sky"."""
    words, nouns = phrase.split(), {"clouds", "sky", "cumulus"}
    if len(words) > 1 and len(nouns & set(words)) == 1:
        # A dark sky may be a night's.
        for noun in nouns - ({"sky"} if {"dark", "black"} & set(words) else set()):
            yield " ".join(noun if word in nouns else word for word in words)


def _stems(phrase: str) -> list[str]:
    return [one.text for clause in clauses(phrase) for one in clause]


@lru_cache(maxsize=1)
def _weights() -> Mapping[str, float]:
    """Of stems: the fewer phrases have one, the more it says."""
    counts = Counter(text for phrase in _phrases() for text in phrase.stems)
    return {text: math.log(len(_phrases()) / count) for text, count in counts.items()}


@lru_cache(maxsize=1)
def _kindred() -> Mapping[str, str]:
    """From stems that no phrase has to those of words that mean about the same."""
    return {stem(word): stem(known) for word, known in KINDRED.items() if stem(word) not in _weights()}
