"""Which class serves which family, and one model kept warm."""

import torch

from ..errors import BadModel
from .folder import find_model
from .latent_diffusion import LatentDiffusion
from .stable_diffusion import StableDiffusion
from .stable_diffusion_xl import StableDiffusionXL

Model = LatentDiffusion
FAMILIES: dict[str, type[Model]] = {
    "StableDiffusionPipeline": StableDiffusion,
    "StableDiffusionXLPipeline": StableDiffusionXL,
}


def load_model(name: str, device: torch.device) -> Model:
    """Load the model *name* (see :func:`find_model`). Raises :class:`BadModel` if it cannot be used."""
    folder = find_model(name)
    if folder.family not in FAMILIES:
        raise BadModel(
            f"The model in {folder.path} is a {folder.family}, a family that Skyloom does not know.",
            "Choose a Stable Diffusion 1.x, 2.x or XL model.",
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
