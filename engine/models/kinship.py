"""Whether a LoRA or a ControlNet was made for a model's family, told before anything is loaded.

Families differ in how wide the text is that their network attends to, and in their blocks' names. Both are in the
settings of a folder and in the header of a safetensors file. What does not say it is passed over: loading tells.
Standard library only: Blender's panels ask, too.
"""

import json
import re
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import BadModel
from .store import located

_LONGEST_HEADER = 100_000_000  # bytes, the format's own limit
_WIDTHS = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "Stable Diffusion XL"}
_SD3, _FLUX = "Stable Diffusion 3.x", "Flux"
_CLASSES = {
    "StableDiffusion3Pipeline": _SD3,
    "SD3ControlNetModel": _SD3,
    "FluxPipeline": _FLUX,
    "FluxControlNetModel": _FLUX,
}
# What only weights of these families are called: by diffusers, and by the original code and those that follow it.
_FLUX_NAME = re.compile(r"single_transformer_blocks|double_blocks")
_SD3_NAME = re.compile(r"joint_blocks|joint_transformer_blocks")
# The first matrix that reads the text: of a whole model, or a LoRA's smaller half.
_READS_TEXT = re.compile(
    r"attn2[._](processor\.)?to_k(_lora)?\.(weight|lora_down\.weight|down\.weight|lora_A\.weight)$"
)


def stranger(model: str, loras: Sequence[str] = (), control: str | None = None) -> str:
    """What :func:`check_kinship` says, for a panel; empty if nothing speaks against these."""
    try:
        check_kinship(model, loras, control)
    except BadModel as error:
        return error.message
    return ""


def check_kinship(model: str, loras: Sequence[str] = (), control: str | None = None) -> None:
    """Raise :class:`BadModel` if one of *loras* or the ControlNet is known to be made for another family than *model*,
    or if a name of the catalogue is not downloaded."""
    added = [("LoRA", lora, located(lora, "lora")) for lora in loras]
    added += [("ControlNet", control, Path(control).expanduser())] if control else []
    if not added:
        return
    own = family(located(model, "model"))
    for kind, name, file in added:
        other = family(file)
        if own and other and own != other:
            raise BadModel(
                f"The {kind} {name} was made for {other}; the model is one of {own}.",
                "Choose one that was made for this kind of model.",
            )


def family(path: Path) -> str | None:
    """The family of the model, LoRA or ControlNet at *path*, a folder or a file, in words; None if it does not tell."""
    told = path if path.is_file() else next(filter(Path.is_file, _settings(path)), None)
    return _family(told, told.stat().st_mtime_ns) if told else None


def _settings(folder: Path) -> Iterator[Path]:
    """Where a *folder* in diffusers layout may say it. A pipeline's own class comes last: it says less."""
    return (folder / name for name in ("unet/config.json", "config.json", "model_index.json"))


@lru_cache(maxsize=64)
def _family(file: Path, _changed: int) -> str | None:
    """Panels ask again whenever they are drawn."""
    try:
        if file.suffix == ".json":
            values = json.loads(file.read_text(encoding="utf-8"))
            return _CLASSES.get(values.get("_class_name", "")) or _by_width(values.get("cross_attention_dim"))
        return _by_names(_header(file))
    except (OSError, ValueError, AttributeError, struct.error):  # what is damaged is said where it is loaded
        return None


def _by_names(header: dict[str, Any]) -> str | None:
    if any(_FLUX_NAME.search(name) for name in header):
        return _FLUX
    if any(_SD3_NAME.search(name) for name in header):
        return _SD3
    readers = (entry["shape"] for name, entry in header.items() if _READS_TEXT.search(name))
    return next((_by_width(shape[1]) for shape in readers), None)


def _by_width(width: Any) -> str | None:
    return _WIDTHS.get(width, f"a kind with text {width} wide") if isinstance(width, int) else None


def _header(file: Path) -> dict[str, Any]:
    """Names and shapes of the tensors in a safetensors *file*."""
    with file.open("rb") as opened:
        (length,) = struct.unpack("<Q", opened.read(8))
        if length > _LONGEST_HEADER:
            raise ValueError("no safetensors file")
        return json.loads(opened.read(length))
