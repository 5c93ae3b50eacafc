"""Settings that a row takes over from somewhere else: a table of its list, or a file. Standard library only."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import BadRequest
from ..job import PART_PATH_FIELDS, PATH_FIELDS
from ..models.store import is_name
from ..output.header import read_job

_HINT = "Name a table [presets.NAME] of the list, or a .toml, .json or .exr file."


def read_preset(name: Any, tables: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """The values of the preset *name*, without a seed: one of the list's *tables*, or a file beside it in *base*.

    A file is TOML or JSON with settings of a job, or an EXR of ours: "as that sky". Its paths are relative to it.
    Raises :class:`BadRequest`.
    """
    if not isinstance(name, str):
        raise BadRequest(f"preset must be a name, not {name!r}.", _HINT)
    file = base / Path(name).expanduser()
    if name in tables:
        values, folder = tables[name], base
    elif file.is_file():
        values, folder = _read(file), file.parent
    else:
        raise BadRequest(f"The preset {name} is unknown.", _HINT)
    if not isinstance(values, dict):
        raise BadRequest(f"The preset {name} does not hold settings.", _HINT)
    if "preset" in values:
        raise BadRequest(f"The preset {name} names another one.", "Write its settings into it.")
    return located({key: value for key, value in values.items() if key != "seed"}, folder)


def _read(file: Path) -> Any:
    if file.suffix.lower() == ".exr":
        return read_job(file)
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise BadRequest(f"The preset {file} cannot be read ({error}).", _HINT) from error


def located(values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """*values* of a row with the files and folders that they name as paths in *base*; what is no text stays."""
    found = dict(values)
    for name in (*PATH_FIELDS, "sync_anchor", "blend"):
        if isinstance(given := values.get(name), str) and _is_path(name, given):
            found[name] = _beside(base, given)
    for name, key in PART_PATH_FIELDS.items():
        if isinstance(several := values.get(name), list):
            found[name] = [_part_beside(base, part, key) for part in several]
    if isinstance(files := values.get("embeddings"), list):
        found["embeddings"] = [_beside(base, file) if isinstance(file, str) else file for file in files]
    if isinstance(loras := values.get("loras"), list):
        pairs = (isinstance(lora, list) and len(lora) == 2 and isinstance(lora[0], str) for lora in loras)
        found["loras"] = [
            [_beside(base, lora[0]), lora[1]] if is_pair and not is_name(lora[0]) else lora
            for lora, is_pair in zip(loras, pairs, strict=True)
        ]
    return found


def _part_beside(base: Path, part: Any, key: str) -> Any:
    if not isinstance(part, dict) or not isinstance(given := part.get(key), str) or not given.strip():
        return part  # the job says what is wrong with it
    return part | {key: _beside(base, given)}


def anchor_picture(anchor: str | float) -> str | None:
    """The file that a job's ``sync_anchor`` names, if it does."""
    if isinstance(anchor, float) or anchor in ("middle", "mean", "nearest"):
        return None
    try:
        float(anchor)
    except ValueError:
        return anchor
    return None


def _is_path(name: str, text: str) -> bool:
    if not text.strip() or (name == "model" and is_name(text)):
        return False
    return name != "sync_anchor" or anchor_picture(text) is not None


def _beside(base: Path, name: str) -> str:
    return str(base / Path(name).expanduser())
