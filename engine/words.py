"""The words of a prompt, brought together where they speak of the same: "Clouds" and "clouded", "moonlit" and "lit by
the moon", "treeless" and "no trees"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NO = "no "  # before the stem of what is said not to be there
_CLAUSE = re.compile(r"[^,;.:!?()\[\]|\n]+")
_WORD = re.compile(r"[^\W\d_]{2,}|a")
_IDLE = re.compile("a|an|the|is|are|its?|this|that|there|of|in|at|on|with|and|to|by|for|from|some|any|just|quite")
_DENYING = re.compile("no|not|without|never|free")
_JOINING = re.compile("over|under|above|below|with|and|but")
_ACROSS = 5  # words that one of these is as wide as, because what is on its other side is mostly another thing
_UNTIL = re.compile(f"{_JOINING.pattern}|at|on|in|into|by|for|from|behind|beyond|near|around")  # ends a denial

_LACKING = re.compile(r"(\w{3,})(?:less|free)")
# Compounds that are taken apart: moonrise, starlight, pastureland.
_BEGINNINGS = "sun moon star day night noon winter snow grass lake sea salt tree thunder rain sand storm"
_ENDS = "rise set down break fall lit field line time shore beam front"
_ANY_ENDS = "light land side scape shine storm cloud water top wood"
_COMPOUND = re.compile(
    "(?:({})({})|({})({}))s?".format(*(x.replace(" ", "|") for x in (_BEGINNINGS, _ENDS, r"\w{3,}", _ANY_ENDS)))
)

_SUFFIXES = ("ing", "ed", "en", "ness", "ous", "ly", "y", "est")
_SHORTEST = {"est": 4, "en": 4}  # letters that a suffix leaves, else 3: "forest" and "green" have none
_AS_THEY_ARE = ("evening", "cloudy", "sunny")  # is not even; are more than clouds and a sun
_OTHERWISE_SPELLED = {"gray": "grey"}


@dataclass(frozen=True)
class Stem:
    """What a word, or one half of a compound, has in common with its relatives. place: along the clause, in words."""

    text: str
    place: int


def clauses(prompt: str) -> list[list[Stem]]:
    """The stems of *prompt* between one punctuation mark and the next, without words that say nothing.

    A denial ("no", "not a", "free of") holds for what follows it until a word such as "over" or "and".
    """
    joined = re.sub(r"-(less|free)\b", r"\1", prompt.lower())
    return [list(_stems(clause)) for clause in _CLAUSE.findall(joined)]


def _stems(clause: str) -> Iterator[Stem]:
    denied, holds, place = False, False, 0
    for word in _WORD.findall(clause):
        place += _ACROSS if _JOINING.fullmatch(word) else 1
        if denying := _DENYING.fullmatch(word):
            denied, holds = True, False
        elif holds and _UNTIL.fullmatch(word):
            denied = False
        if denying or _IDLE.fullmatch(word):
            continue
        lacking = _LACKING.fullmatch(word)
        for text in stems(lacking[1] if lacking else word):
            yield Stem(_NO * bool(denied or lacking) + text, place)
        holds = True


def stems(word: str) -> tuple[str, ...]:
    """Of *word*, or of both halves of a compound."""
    compound = _COMPOUND.fullmatch(word)
    return tuple(stem(part) for part in compound.groups() if part) if compound else (stem(word),)


def stem(word: str) -> str:
    """What the forms of *word* share, as "cloud" of "clouded" and "clouds"; not always a word itself."""
    word = _OTHERWISE_SPELLED.get(word, word)
    if word in _AS_THEY_ARE:
        return word
    if word.endswith("s") and not word.endswith(("ss", "ous")):
        word = word[:-1]
    if word.endswith("ie"):
        word = word[:-2] + "y"
    suffix = next(
        (end for end in _SUFFIXES if word.endswith(end) and len(word) >= len(end) + _SHORTEST.get(end, 3)), ""
    )
    word = word.removesuffix(suffix)
    if suffix in ("ly", "ness"):
        word = word.removesuffix("i")
    if len(word) > 3:
        word = word.removesuffix("e")
        word = word[:-1] if word[-1] == word[-2] else word
    return word
