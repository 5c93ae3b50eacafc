"""Stage 6: a small CLIP tokenizer, byte-pair encoding learnt from captions; no text is out of its reach."""

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from engine.sky import sample_parameters
from engine.sky.captions import caption, vocabulary

from .settings import Settings

_CAPTIONS = 6000
_WORD_END = "</w>"
# CLIP's own split of a text into words (Radford et al. 2021).
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_START, _END = "<|startoftext|>", "<|endoftext|>"


def make_tokenizer(folder: Path, settings: Settings) -> CLIPTokenizer:
    """Learn the tokenizer into *folder*, or load it from there."""
    if not (folder / "tokenizer.json").exists():
        symbols, merges = _learn(settings)
        ids = {symbol: index for index, symbol in enumerate(symbols)}
        # transformers 5 ignores vocab_file= without a word; vocab= and merges= are read.
        CLIPTokenizer(vocab=ids, merges=merges, model_max_length=settings.tokens).save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def _learn(settings: Settings) -> tuple[list[str], list[tuple[str, str]]]:
    rng = random.Random(settings.seed)
    texts = [caption(sample_parameters(rng), rng) for _ in range(_CAPTIONS)] + vocabulary() * 20
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(unk_token=_END, end_of_word_suffix=_WORD_END))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    words = pre_tokenizers.Split(Regex(_WORDS), "removed", invert=True)
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, bytes_])
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary,
        initial_alphabet=alphabet,
        end_of_word_suffix=_WORD_END,
        min_frequency=3,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    learnt = json.loads(tokenizer.to_str())["model"]["merges"]
    merges = [tuple(merge) if not isinstance(merge, str) else tuple(merge.split(" ")) for merge in learnt]
    symbols = alphabet + [byte + _WORD_END for byte in alphabet]
    symbols += dict.fromkeys(left + right for left, right in merges)
    return [*dict.fromkeys(symbols), _START, _END], merges
