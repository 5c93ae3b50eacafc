"""Models in one safetensors file with the names of the original code, as most of the web has them.

Such a file holds weights alone. What else a model is made of comes from ``assets/single-file/``, so that no network is
needed: the sizes of its networks, its noise schedule, and the merges of CLIP's tokenizer (github.com/openai/CLIP, MIT).
What a file does not tell, such as that it was distilled to a few steps, the artist has to set.
"""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from transformers import CLIPTokenizer

from ..assets import ASSETS
from ..errors import BadModel

SETTINGS = ASSETS / "single-file"
_TOKENS = 77  # that CLIP reads
# Keys that only one family's files have; the first that is there decides.
_SD1 = "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"
_SD2 = "cond_stage_model.model.positional_embedding"
_SDXL = "conditioner.embedders.1.model.positional_embedding"
_FIRST = "model.diffusion_model.input_blocks.0.0.weight"
_HINT = "Choose a complete Stable Diffusion 1.x or XL checkpoint, or a folder in diffusers layout."


def settings_of(file: Path) -> Path:
    """The folder of settings that fits the single-file model *file*, in diffusers layout without weights.

    Raises :class:`BadModel` if the file is damaged, not a whole model, or of another family.
    """
    try:
        with safe_open(file, framework="numpy") as weights:
            keys = set(weights.keys())
            channels = weights.get_slice(_FIRST).get_shape()[1] if _FIRST in keys else 0
    except (SafetensorError, OSError) as error:
        raise BadModel(f"The weight file {file} is truncated or damaged ({error}).", "Download it again.") from error
    if _SD2 in keys:  # 2.0 and 2.1 differ in what they predict, which their files do not tell
        raise BadModel(f"{file} is a Stable Diffusion 2.x in one file, which does not say what it predicts.", _HINT)
    family = "sd1" if _SD1 in keys else "sdxl" if _SDXL in keys else None
    if not channels or family is None:
        raise BadModel(f"{file} is not a whole model: its network, text encoder or autoencoder is missing.", _HINT)
    if channels != 4:
        raise BadModel(f"{file} is made for inpainting or editing: its network reads {channels} channels.", _HINT)
    return SETTINGS / family


def load_single_file(pipeline_class: Any, file: Path, settings: Path, **options: Any) -> Any:
    """The pipeline of *file*. Raises whatever diffusers raises for weights that do not fit *settings*."""
    index = json.loads((settings / "model_index.json").read_text(encoding="utf-8"))
    pads = {"tokenizer": "<|endoftext|>", "tokenizer_2": "!"}
    tokenizers = {name: clip_tokenizer(pad) for name, pad in pads.items() if name in index}
    return pipeline_class.from_single_file(
        str(file), config=str(settings), local_files_only=True, **tokenizers, **options
    )


def clip_tokenizer(pad: str) -> CLIPTokenizer:
    """CLIP's tokenizer, from its merges: its vocabulary is every byte, these, and both again at the end of a word."""
    merges = (SETTINGS / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    pairs: Any = [tuple(merge.split()) for merge in merges]
    ends = [*_letters(), *(f"{letter}</w>" for letter in _letters())]
    tokens = [*ends, *(merge.replace(" ", "") for merge in merges), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=pairs,
        model_max_length=_TOKENS,
        pad_token=pad,
    )


def _letters() -> list[str]:
    """A printable letter for each of the 256 bytes, in the order of GPT-2 and CLIP: those that are printable first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(code) for code in (*printable, *range(256, 256 + 256 - len(printable)))]
