"""What a small model was never taught to paint, so that an artist is told before wondering."""

import re
from collections.abc import Collection
from difflib import get_close_matches

from .kindred_words import KINDRED
from .words import stem, stems

_WORD = re.compile(r"[^\W\d_]{3,}")
_KINDRED = {stem(word): known for word, known in KINDRED.items()}
_ALIKE = 0.78  # of letters; below, suggestions are guesses
_FUNCTION_WORDS = """
the and with over under above below near from into onto for this that its are was very some more less much all any not
without between behind beyond beside around across through against like while where when
far distance background foreground
"""  # said by everybody, painted by nobody


def unknown_words(text: str, known: Collection[str]) -> dict[str, str | None]:
    """Words of *text* that are not among the *known* ones, each with the known word nearest to it or ``None``.

    The nearest means about the same, or is written much the same. Forms of known words are known, and compounds of
    them. Order and number as in *text*, each word once.
    """
    known_stems = {one for word in (*known, *_FUNCTION_WORDS.split()) for one in stems(word)}
    unknown: dict[str, str | None] = {}
    for word in _WORD.findall(text.lower()):
        if not known_stems.issuperset(stems(word)) and word not in unknown:
            meant = _KINDRED.get(stem(word))
            unknown[word] = meant if meant in known else next(iter(get_close_matches(word, known, 1, _ALIKE)), None)
    return unknown


def unknown_words_message(model: str, unknown: dict[str, str | None]) -> str:
    """One sentence or two for the artist."""
    suggestions = [f'"{near}" for "{word}"' for word, near in unknown.items() if near]
    advice = f" Perhaps {', '.join(suggestions)}?" if suggestions else ""
    return (
        f"{model} paints skies and plain grounds only and does not know: {', '.join(unknown)}.{advice} "
        "A larger model does."
    )
