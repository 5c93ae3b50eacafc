"""A model's folder: found by name or path, and looked over before anything is loaded from it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from ..errors import BadModel
from .parts import parts_of
from .store import located

PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
DIFFUSERS_HINT = "Choose a folder in diffusers layout, the one that holds model_index.json, or a safetensors file."


@dataclass(frozen=True)
class ModelFolder:
    """A model that is whole as far as can be seen from outside: a folder in diffusers layout, or a single file.

    family: the pipeline class it was saved from. parts: what is in it, by name.
    card: what its ``skyloom.json`` says, empty for ordinary models. variant: ``"fp16"`` if some weights are there
    with 16 bits only, under the names that the hub gives such files. settings: for a single file, see
    :mod:`engine.models.single_file`.
    """

    path: Path
    family: str
    parts: frozenset[str]
    card: dict[str, Any]
    variant: str | None = None
    settings: Path | None = None


def find_model(name: str) -> ModelFolder:
    """The folder of *name*: the bundled model's name, that of a downloaded one, or a path.

    Raises :class:`BadModel` if it is missing, empty, in no known layout, truncated, or holds pickles only.
    """
    path = located(name, "model")
    if path.is_file():
        return _find_file(path)
    if not path.is_dir():
        raise BadModel(f"The model folder {path} does not exist.", DIFFUSERS_HINT)
    if not any(path.iterdir()):
        raise BadModel(f"The model folder {path} is empty.", "Was the download interrupted? Download the model again.")
    if not (path / "model_index.json").is_file():
        if pickles := [file.name for file in path.iterdir() if file.suffix in PICKLES]:
            _refuse_pickle(path / pickles[0])
        raise BadModel(f"There is no model_index.json in {path}.", DIFFUSERS_HINT)
    index = _read_json(path / "model_index.json")
    parts = parts_of(index)
    half = [check_part(path / name) for name in sorted(parts)]
    card = path / "skyloom.json"
    family, about = str(index.get("_class_name")), _read_json(card) if card.is_file() else {}
    return ModelFolder(path, family, parts, about, "fp16" if any(half) else None)


def find_weights(name: str) -> Path:
    """The single safetensors file *name*: a path, or the name of a downloaded LoRA.

    Raises :class:`BadModel` if it is missing, damaged, or of another kind.
    """
    file = located(name, "lora")
    if not file.is_file():
        raise BadModel(f"The file {file} does not exist.", "Name a safetensors file.")
    if file.suffix in PICKLES:
        _refuse_pickle(file)
    _check_safetensors(file)
    return file


def check_part(part: Path) -> bool:
    """Raise :class:`BadModel` if *part* is not whole; returns whether its weights have 16 bits only."""
    if not part.is_dir() or not any(part.iterdir()):
        raise BadModel(
            f"The model lacks its part '{part.name}': {part} is missing or empty.", "Download the model again."
        )
    weights = list(part.glob("*.safetensors"))
    for file in weights:
        _check_safetensors(file)
    pickles = [file for file in part.iterdir() if file.suffix in PICKLES]
    if pickles and not weights:
        _refuse_pickle(pickles[0])
    needs_weights = (part / "config.json").is_file()
    if needs_weights and not weights:
        raise BadModel(f"There are no weights (*.safetensors) in {part}.", "Download the model again.")
    return bool(weights) and all(".fp16" in file.name for file in weights)


def _check_safetensors(file: Path) -> None:
    try:
        with safe_open(file, framework="numpy"):
            pass
    except (SafetensorError, OSError) as error:
        raise BadModel(f"The weight file {file} is truncated or damaged ({error}).", "Download it again.") from error


def _read_json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BadModel(f"{file} cannot be read ({error}).", "Download the model again.") from error
    if not isinstance(values, dict):
        raise BadModel(f"{file} does not hold a JSON object.", "Download the model again.")
    return values


def _find_file(file: Path) -> ModelFolder:
    if file.suffix in PICKLES:
        _refuse_pickle(file)
    if file.suffix != ".safetensors":
        raise BadModel(f"The model {file} is a file that is not known.", DIFFUSERS_HINT)
    from .single_file import settings_of  # brings transformers, which a download does without

    settings = settings_of(file)
    index = _read_json(settings / "model_index.json")
    return ModelFolder(file, str(index["_class_name"]), parts_of(index), {}, settings=settings)


def _refuse_pickle(file: Path) -> None:
    raise BadModel(
        f"{file} is a pickle, which can run any program when it is opened, so it is not loaded.",
        "Get the model's safetensors version.",
    )
