"""Which class serves which family, and one model kept warm."""

import torch

from ..errors import BadModel
from ..perceptual.lpips_distance import PerceptualDistance
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
    """Keeps the model of the last job and the perceptual distance, because loading takes longer than most pictures."""

    def __init__(self) -> None:
        self._distance: PerceptualDistance | None = None
        self._key: tuple[str, torch.device] | None = None
        self._model: Model | None = None

    def get(self, name: str, device: torch.device) -> Model:
        """The model, loaded if it is another one than last time. Raises :class:`BadModel`."""
        if self._model is None or self._key != (name, device):
            self._model = self._key = None  # before the next one is loaded: there may not be room for both
            self._model, self._key = load_model(name, device), (name, device)
        return self._model

    def distance(self, device: torch.device) -> PerceptualDistance:
        """LPIPS-VGG on *device*. Raises :class:`EngineIncomplete`."""
        if self._distance is None:
            self._distance = PerceptualDistance()
        return self._distance.to(device)

    def release(self) -> None:
        """Free the memory of all that is kept."""
        self._model = self._key = self._distance = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
