"""Rows of a TOML or CSV file, each with the line that it begins on. Standard library only."""

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BadRequest

_HINT = "See docs/batch.md for examples."
_SHOT_HEADER = re.compile(r"\s*\[\[\s*shot\s*\]\]")


@dataclass(frozen=True)
class Row:
    """number: of the row, line: where it begins, both from 1. as_text: the values are a CSV's cells, all texts.

    defaults, presets: of its list.
    """

    number: int
    line: int
    values: dict[str, Any]
    as_text: bool
    defaults: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)


def read_rows(path: Path) -> list[Row]:
    """The rows of the file at *path*. Raises :class:`BadRequest` if it is no such file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise BadRequest(
            f"The shot list {path} cannot be read ({error}).", "It must be TOML or CSV in UTF-8."
        ) from error
    match path.suffix.lower():
        case ".toml":
            return _toml_rows(path, text)
        case ".csv":
            return _csv_rows(path, text)
    raise BadRequest(f"The shot list {path} is neither .toml nor .csv.", _HINT)


def _toml_rows(path: Path, text: str) -> list[Row]:
    """A table ``[[shot]]`` a row, over what ``[defaults]`` says; ``[presets.NAME]`` are for rows that name them."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"{path} is not valid TOML: {error}.", _HINT) from error
    if unknown := set(document) - {"defaults", "presets", "shot"}:
        raise BadRequest(
            f"{path} has unknown tables: {', '.join(sorted(unknown))}.",
            "It may hold [defaults], [presets.NAME] and [[shot]].",
        )
    defaults, presets = document.get("defaults", {}), document.get("presets", {})
    if not isinstance(defaults, dict) or not isinstance(presets, dict):
        raise BadRequest(f"The defaults or presets of {path} are not written as tables.", _HINT)
    shots = document.get("shot", [])
    lines = _header_lines(text, len(shots)) if isinstance(shots, list) else []
    if not isinstance(shots, list) or len(lines) != len(shots):
        raise BadRequest(f"The shots of {path} are not written as tables.", "Begin each one with a line [[shot]].")
    rows = enumerate(zip(lines, shots, strict=True), 1)
    return [Row(number, line, shot, False, defaults, presets) for number, (line, shot) in rows]


def _header_lines(text: str, count: int) -> list[int]:
    """The lines with a ``[[shot]]``, which tomllib does not tell; a text over several lines may hold one as well."""
    lines = text.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines, 1) if _SHOT_HEADER.match(line)]
    return found if len(found) == count else [number for number in found if _is_complete("".join(lines[: number - 1]))]


def _is_complete(beginning: str) -> bool:
    try:
        tomllib.loads(beginning)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _csv_rows(path: Path, text: str) -> list[Row]:
    """A header line with the columns' names; separated by commas, semicolons or tabs, whichever the header has most."""
    lines = text.splitlines(keepends=True)
    if not lines:
        return []
    reader = csv.reader(lines, delimiter=max(",;\t", key=lines[0].count), strict=True)
    rows: list[Row] = []
    try:
        names = [name.strip() for name in next(reader)]
        if len(set(names)) != len(names) or "" in names:
            raise BadRequest(f"The columns of {path} are not all named, or two have one name.", _HINT)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return rows
            if any(cell.strip() for cell in cells):
                # What is beyond the header's columns gets a name that no column has, so that the row is refused.
                extra = {
                    f"cell {i} without a column": cell for i, cell in enumerate(cells, 1) if i > len(names) and cell
                }
                rows.append(Row(len(rows) + 1, line, dict(zip(names, cells, strict=False)) | extra, True))
    except csv.Error as error:
        raise BadRequest(f"{path} is not valid CSV: line {reader.line_num}: {error}.", _HINT) from error
