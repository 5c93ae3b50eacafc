"""The models that Skyloom knows by name, read from ``assets/models.toml``. Standard library only."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from ..assets import ASSETS
from ..errors import BadCatalogue

CATALOGUE = ASSETS / "models.toml"

Kind = Literal["model", "lora"]


@dataclass(frozen=True)
class Mirror:
    """A repository of the hub. revision: a commit, or the branch whose newest commit is taken."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One model; the fields are those of ``assets/models.toml``, where they are explained."""

    name: str
    title: str
    about: str
    kind: Kind
    family: str
    licence: str
    licence_link: str
    window: int
    megabytes: int
    memory: int
    bundled: bool = False
    mirrors: tuple[Mirror, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    scale: float = 1.0
    words: str = ""

    @property
    def page(self) -> str:
        """Where a person can read about it: its first mirror's."""
        return f"https://huggingface.co/{self.mirrors[0].repository}" if self.mirrors else self.licence_link


@cache
def catalogue() -> Mapping[str, Entry]:
    """The catalogue that comes with Skyloom, by name. Raises :class:`BadCatalogue`."""
    return read_catalogue(CATALOGUE)


def read_catalogue(file: Path) -> dict[str, Entry]:
    """The entries of *file* by name, in its order. Raises :class:`BadCatalogue`, which names the place."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCatalogue(
            f"The catalogue of models, {file}, cannot be read ({error}).", "Install Skyloom again."
        ) from error
    return {name: _entry(name, table, file) for name, table in tables.items()}


def _entry(name: str, table: Any, file: Path) -> Entry:
    where = f"The model '{name}' in {file}"

    def refuse(problem: str) -> BadCatalogue:
        return BadCatalogue(f"{where} {problem}.", "Correct the entry, or install Skyloom again.")

    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise refuse("has a name that is no folder's: small letters, digits and hyphens only")
    if not isinstance(table, dict):
        raise refuse("is not a table")
    known = {item.name: item for item in fields(Entry) if item.name != "name"}
    if unknown := sorted(table.keys() - known.keys()):
        raise refuse(f"has the unknown field '{unknown[0]}'")
    values = dict(table)
    for key, item in known.items():
        if key not in table:
            if item.default is MISSING and item.default_factory is MISSING:
                raise refuse(f"lacks '{key}'")
        elif key not in ("mirrors", "sha256", "kind") and type(table[key]) is not item.type:
            raise refuse(f"has {key} = {table[key]!r}, which is no {getattr(item.type, '__name__', item.type)}")
    if table["kind"] not in get_args(Kind):
        raise refuse(f"has kind = {table['kind']!r}, which is none of {', '.join(get_args(Kind))}")
    values["mirrors"] = tuple(_mirror(mirror, refuse) for mirror in table.get("mirrors", ()))
    for path, digest in table.get("sha256", {}).items():
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise refuse(f"has no SHA-256 of 64 hexadecimal digits for {path}")
    entry = Entry(name=name, **values)
    if not entry.bundled and not entry.mirrors:
        raise refuse("has no mirrors")
    if entry.kind == "lora" and not entry.file.endswith(".safetensors"):
        raise refuse("is a LoRA and names no safetensors file")
    if not entry.licence or not entry.licence_link.startswith("https://"):
        raise refuse("has no licence with a link to it")
    return entry


def _mirror(value: Any, refuse: Any) -> Mirror:
    if not isinstance(value, dict) or value.keys() - {"repository", "revision"}:
        raise refuse(f"has the mirror {value!r}: give its repository and perhaps its revision")
    mirror = Mirror(**value) if "repository" in value else Mirror("")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", mirror.repository):
        raise refuse(f"has the mirror {value!r}, whose repository is no OWNER/NAME")
    return mirror
