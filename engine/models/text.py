"""Prompts to what networks attend to: weighted words, and prompts longer than an encoder reads at once."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import torch
from diffusers.loaders import TextualInversionLoaderMixin
from torch import Tensor

_WEIGHTED = re.compile(r"(?<!\\)\(([^()]+):(\d*\.?\d+)\)")


def weighted_parts(prompt: str) -> Iterator[tuple[str, float]]:
    r"""Split ``a (red:1.3) sky`` into texts and their weights, which are 1 outside of such parentheses.

    Parentheses that are not of this form are text; so are ``\(`` and ``\)``.
    """
    plain_or_marked = _WEIGHTED.split(prompt)  # text, marked text, its weight, text, ...
    for text, marked, weight in zip_longest(plain_or_marked[::3], plain_or_marked[1::3], plain_or_marked[2::3]):
        yield _unescaped(text), 1.0
        if marked is not None:
            yield _unescaped(marked), float(weight)


def encode_clip(tokenizer: Any, encoder: Any, prompts: list[str], skip_last: bool) -> tuple[Tensor, Tensor]:
    """States ``[n, 77 * blocks, D]`` of a CLIP text encoder and pooled embeddings ``[n, D]``, of the first block.

    Prompts are read in as many blocks of 77 tokens as the longest of them needs. skip_last: take the states before the
    encoder's last layer.
    """
    length = tokenizer.model_max_length - 2  # beside the start and end tokens
    tokens = [_weighted_tokens(tokenizer, prompt) for prompt in prompts]
    count = max(1, *(-(-len(ids) // length) for ids, _ in tokens))
    rows, weights = [], []
    for ids, scales in tokens:
        for start in range(0, count * length, length):
            block = ids[start : start + length]
            padding = length - len(block)
            rows.append([tokenizer.bos_token_id, *block, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * padding])
            weights.append([1.0, *scales[start : start + length], *[1.0] * (padding + 1)])
    states, pooled = _clip_states(tokenizer, encoder, rows, skip_last)
    if any(weight != 1 for row in weights for weight in row):
        nothing = [tokenizer.bos_token_id, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * length]
        states = _weighted(states, _clip_states(tokenizer, encoder, [nothing], skip_last)[0], weights)
    return states.reshape(len(prompts), -1, states.shape[-1]), pooled[::count]


def encode_t5(tokenizer: Any, encoder: Any, prompts: list[str], length: int) -> Tensor:
    """States ``[n, length, D]`` of a T5 encoder, padded without a mask, as the models that use it are trained."""
    rows, weights = [], []
    for prompt in [*prompts, ""]:
        ids, scales = _weighted_tokens(tokenizer, prompt)
        row = [*ids[: length - 1], tokenizer.eos_token_id]
        padding = length - len(row)
        rows.append(row + [tokenizer.pad_token_id] * padding)
        weights.append([*scales[: length - 1], *[1.0] * (padding + 1)])
    states = encoder(torch.tensor(rows, device=encoder.device)).last_hidden_state
    return _weighted(states[:-1], states[-1:], weights[:-1])


def beyond(tokenizer: Any, prompt: str, length: int) -> str:
    """The end of *prompt* that *length* tokens, the end token among them, do not hold."""
    return tokenizer.decode(_weighted_tokens(tokenizer, prompt)[0][length - 1 :]).strip()


def _unescaped(text: str) -> str:
    return text.replace(r"\(", "(").replace(r"\)", ")")


def _weighted_tokens(tokenizer: Any, prompt: str) -> tuple[list[int], list[float]]:
    ids: list[int] = []
    weights: list[float] = []
    for text, weight in weighted_parts(prompt):
        text = TextualInversionLoaderMixin().maybe_convert_prompt(text, tokenizer)  # some words are several tokens
        part = tokenizer(text, add_special_tokens=False).input_ids
        ids += part
        weights += [weight] * len(part)
    return ids, weights


def _clip_states(tokenizer: Any, encoder: Any, rows: list[list[int]], skip_last: bool) -> tuple[Tensor, Tensor]:
    ids = torch.tensor(rows, device=encoder.device)
    mask = None
    if getattr(encoder.config, "use_attention_mask", None):
        ends = (ids == tokenizer.eos_token_id).int().argmax(dim=1, keepdim=True)
        mask = (torch.arange(ids.shape[1], device=ids.device) <= ends).long()
    output = encoder(ids, attention_mask=mask, output_hidden_states=skip_last)
    states = output.hidden_states[-2] if skip_last else output.last_hidden_state
    return states, output["text_embeds" if "text_embeds" in output else "pooler_output"]


def _weighted(states: Tensor, nothing: Tensor, weights: list[list[float]]) -> Tensor:
    """Each token's state, from that of the empty prompt in its place, scaled by its weight.

    As ComfyUI does it; a weight of 0 is the empty prompt, of 1 the prompt as it is.
    """
    scale = states.new_tensor(weights)[..., None]
    return torch.where(scale == 1, states, nothing + scale * (states - nothing))
