"""Which words of a prompt a small model does not know, and what is said about them."""

from engine.kindred_words import KINDRED
from engine.models.folder import find_model
from engine.vocabulary import unknown_words, unknown_words_message

_KNOWN = ("sunset", "clouds", "mountains", "sea", "a", "grass", "thunderstorm")


def test_known_words_plurals_and_small_words_pass() -> None:
    assert unknown_words("Sunsets over the SEA, cloud and 3 mountains with grass", _KNOWN) == {}
    assert unknown_words("grassy, clouded, mountainous grassland", [*_KNOWN, "land"]) == {}


def test_unknown_words_come_once_and_in_order_with_what_is_like_them() -> None:
    found = unknown_words("castle and dragon at sunet, castle, thunderstrom", _KNOWN)
    assert found == {"castle": None, "dragon": None, "sunet": "sunset", "thunderstrom": "thunderstorm"}


def test_words_that_mean_much_the_same_are_found() -> None:
    found = unknown_words("himalayas above beaches, fjord", _KNOWN)
    assert found == {"himalayas": "mountains", "beaches": "sea", "fjord": None}
    assert unknown_words("a coast, cliffs", _KNOWN) == {"coast": "sea", "cliffs": "mountains"}


def test_the_bundled_model_knows_what_is_suggested() -> None:
    known = set(find_model("sky-small").card["vocabulary"])
    assert set(KINDRED.values()) <= known
    assert not set(KINDRED) & known


def test_message_names_words_and_suggestions() -> None:
    message = unknown_words_message("sky-small", {"castle": None, "sunet": "sunset"})
    assert "castle, sunet" in message
    assert '"sunset" for "sunet"' in message
    assert "Perhaps" not in unknown_words_message("sky-small", {"castle": None})
