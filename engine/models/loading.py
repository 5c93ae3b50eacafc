"""Which class serves which family, and one model kept warm."""

import torch

from ..errors import BadModel
from .folder import find_model
from .stable_diffusion import StableDiffusion

Model = StableDiffusion
FAMILIES = {"StableDiffusionPipeline": StableDiffusion}


def load_model(name: str, device: torch.device) -> Model:
    """Load the model *name* (see :func:`find_model`). Raises :class:`BadModel` if it cannot be used."""
    folder = find_model(name)
    if folder.family not in FAMILIES:
        raise BadModel(
            f"The model in {folder.path} is a {folder.family}, a family that Skyloom does not know.",
            f"Choose one of {', '.join(FAMILIES)} (Stable Diffusion 1.x or 2.x).",
        )
    return FAMILIES[folder.family](folder, device)


class WarmModel:
    """Keeps the model of the last job, because loading takes longer than most pictures."""

    def __init__(self) -> None:
        self._key: tuple[str, torch.device] | None = None
        self._model: Model | None = None

    def get(self, name: str, device: torch.device) -> Model:
        """The model, loaded if it is another one than last time. Raises :class:`BadModel`."""
        if self._model is None or self._key != (name, device):
            self.release()
            self._model, self._key = load_model(name, device), (name, device)
        return self._model

    def release(self) -> None:
        """Free the model's memory."""
        self._model = self._key = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
