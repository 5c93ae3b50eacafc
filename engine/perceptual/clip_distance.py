"""Distance in CLIP's common space of pictures and texts (Radford et al. 2021, arXiv 2103.00020)."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoTokenizer, CLIPModel

from ..errors import BadModel
from .distance import Distance, Features

_HINT = "Name a folder with a CLIP in transformers layout: config.json, model.safetensors, tokenizer files."
_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of CLIP's own training


class ClipNetwork(nn.Module):
    """Pictures and texts to unit vectors. Pictures are squeezed to CLIP's square, so that nothing is cropped away."""

    _mean: Tensor
    _std: Tensor

    def __init__(self, folder: str) -> None:
        """Load the CLIP in *folder*, in transformers layout. Raises :class:`BadModel` if it is none."""
        super().__init__()
        clip: Any = CLIPModel  # its annotations leave open what is always set
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise BadModel(f"The CLIP folder {path} does not exist.", _HINT)
        try:
            if json.loads((path / "config.json").read_text(encoding="utf-8")).get("model_type") != "clip":
                raise BadModel(f"The model in {path} is not a CLIP.", _HINT)
            self._clip = clip.from_pretrained(path, local_files_only=True, use_safetensors=True)
            self._tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
            mean, std = _normalization(path)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise BadModel(f"The CLIP in {path} cannot be loaded: {reason}", _HINT) from error
        self._size: int = self._clip.config.vision_config.image_size
        self.register_buffer("_mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("_std", torch.tensor(std).view(3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> Features:
        """Pictures ``[n, 3, H, W]`` in [0, 1] to one ``[n, d]`` of unit vectors; differentiable."""
        square = functional.interpolate(pictures, size=(self._size, self._size), mode="bicubic", antialias=True)
        seen = self._clip.vision_model(pixel_values=(square - self._mean) / self._std).pooler_output
        return [functional.normalize(self._clip.visual_projection(seen), dim=1)]

    @torch.no_grad()
    def text(self, prompt: str) -> Tensor:
        """The unit vector ``[1, d]`` of *prompt*, of which CLIP reads the first 77 tokens."""
        limit = self._clip.config.text_config.max_position_embeddings
        tokens = self._tokenizer(prompt, truncation=True, max_length=limit, return_tensors="pt")
        read = self._clip.text_model(**tokens.to(self._mean.device)).pooler_output
        return functional.normalize(self._clip.text_projection(read), dim=1)


class ClipDistance(Distance):
    """One minus the cosine between the pictures' vectors."""

    def describe(self, activations: Features) -> Features:
        return activations

    def between(self, first: Features, second: Features) -> Tensor:
        return 1 - functional.cosine_similarity(first[0], second[0])


class PromptDistance(Distance):
    """One minus the cosine between a picture's vector and the prompt's; the second picture plays no part."""

    _prompt: Tensor

    def __init__(self, network: ClipNetwork, prompt: str) -> None:
        super().__init__(network)
        self.register_buffer("_prompt", network.text(prompt))

    def describe(self, activations: Features) -> Features:
        return activations

    def between(self, first: Features, second: Features) -> Tensor:
        return 1 - functional.cosine_similarity(first[0], self._prompt)


def _normalization(path: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    file = path / "preprocessor_config.json"
    if not file.is_file():
        return _MEAN, _STD
    values = json.loads(file.read_text(encoding="utf-8"))
    return tuple(values.get("image_mean", _MEAN)), tuple(values.get("image_std", _STD))
