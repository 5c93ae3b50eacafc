"""What is added to a loaded model: LoRAs, merged into its weights, and words learned by textual inversion."""

from collections.abc import Sequence
from typing import Any

from safetensors.torch import load_file

from ..errors import BadModel
from .folder import find_weights


def merge_loras(pipeline: Any, loras: Sequence[tuple[str, float]]) -> None:
    """Add each LoRA (2106.09685), a safetensors file and its scale, to the weights of *pipeline*'s parts.

    Raises :class:`BadModel` if a file cannot be read or belongs to another kind of model; the model is then of no use.
    """
    if not loras:
        return
    if not hasattr(pipeline, "load_lora_weights"):
        raise BadModel(f"No LoRA fits this model, a {type(pipeline).__name__}.", "Leave the LoRA out.")
    names = [f"lora_{index}" for index in range(len(loras))]
    for name, (path, _) in zip(names, loras, strict=True):
        file = find_weights(path)
        try:
            pipeline.load_lora_weights(load_file(file), adapter_name=name)
            fits = any(name in adapters for adapters in pipeline.get_list_adapters().values())
        except Exception as error:  # whatever diffusers and peft raise for weights that have no place in the network
            raise _unfit(f"LoRA {file}", pipeline) from error
        if not fits:  # diffusers only logs that it recognized nothing
            raise _unfit(f"LoRA {file}", pipeline)
    pipeline.set_adapters(names, [scale for _, scale in loras])
    pipeline.fuse_lora(adapter_names=names)
    pipeline.unload_lora_weights()


def teach_words(pipeline: Any, files: Sequence[str]) -> None:
    """Add the words of textual inversion files (2208.01618, safetensors) to the tokenizers and text encoders.

    A word is called as its file says, or as the file if that does not say. Raises :class:`BadModel`.
    """
    if files and not hasattr(pipeline, "load_textual_inversion"):
        raise BadModel(f"This model, a {type(pipeline).__name__}, learns no embeddings.", "Leave the embedding out.")
    for path in files:
        file = find_weights(path)
        vectors = load_file(file)
        try:
            if "clip_g" in vectors:  # one part for each of SDXL's encoders
                second = {"tokenizer": pipeline.tokenizer_2, "text_encoder": pipeline.text_encoder_2}
                pipeline.load_textual_inversion(vectors["clip_g"], token=file.stem, **second)
                pipeline.load_textual_inversion(vectors["clip_l"], token=file.stem)
            else:
                ((name, vector),) = vectors.items()
                pipeline.load_textual_inversion(vector, token=file.stem if name == "emb_params" else name)
        except Exception as error:  # other sizes, other entries, a word that is there already
            raise _unfit(f"embedding {file}", pipeline) from error


def _unfit(what: str, pipeline: Any) -> BadModel:
    return BadModel(
        f"The {what} does not fit this model, a {type(pipeline).__name__}.",
        "Choose one that was made for this kind of model.",
    )
