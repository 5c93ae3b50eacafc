"""Looks that an artist adds to a prompt by name; they are data, in assets/styles.toml. Knows nothing of Blender."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "assets"
NONE = "none"


@dataclass(frozen=True)
class Style:
    """*prompt* and *negative* are appended to what the artist wrote. picture: a thumbnail."""

    name: str
    prompt: str
    negative: str
    picture: Path

    def applied(self, prompt: str, negative: str) -> tuple[str, str]:
        """The artist's *prompt* and *negative* prompt in this style. An empty prompt stays empty: it is an error."""
        parts = ((prompt, self.prompt if prompt.strip() else ""), (negative, self.negative))
        prompt, negative = (", ".join(filter(None, (own.strip(), added))) for own, added in parts)
        return prompt, negative


def load() -> dict[str, Style]:
    """The styles in assets/styles.toml, by key."""
    with open(FOLDER / "styles.toml", "rb") as file:
        entries = tomllib.load(file)
    return {key: Style(**entry, picture=FOLDER / "styles" / f"{key}.jpg") for key, entry in entries.items()}


STYLES = load()
