"""Which class serves which family, and one model kept warm."""

from importlib import import_module
from typing import Any

import torch

from ..errors import BadModel
from ..job import Job
from ..perceptual.library import PerceptualLibrary
from .folder import find_model
from .kinship import check_kinship
from .model import Model

# Where the adapter of each pipeline class is. It is imported when it is needed: each brings libraries of its own.
FAMILIES = {
    "StableDiffusionPipeline": ("stable_diffusion", "StableDiffusion"),
    "LatentConsistencyModelPipeline": ("stable_diffusion", "StableDiffusion"),
    "StableDiffusionXLPipeline": ("stable_diffusion_xl", "StableDiffusionXL"),
    "StableDiffusion3Pipeline": ("stable_diffusion_3", "StableDiffusion3"),
    "FluxPipeline": ("flux", "Flux"),
    "LDMPipeline": ("unconditional", "UnconditionalLatent"),
    "DDPMPipeline": ("unconditional", "UnconditionalPixel"),
    "DDIMPipeline": ("unconditional", "UnconditionalPixel"),
}


def load_model(name: str, device: torch.device) -> Model:
    """Load the model *name* (see :func:`find_model`). Raises :class:`BadModel` if it cannot be used."""
    folder = find_model(name)
    if folder.family not in FAMILIES:
        raise BadModel(
            f"The model in {folder.path} is a {folder.family}, a family that Skyloom does not know.",
            f"Choose one that was saved as {', '.join(FAMILIES)}.",
        )
    module, name = FAMILIES[folder.family]
    return getattr(import_module(f".{module}", __package__), name)(folder, device)


class WarmModel:
    """Keeps the model of the last job and its perceptual networks, because loading takes longer than most pictures."""

    def __init__(self) -> None:
        self.perceptual = PerceptualLibrary()
        self._key: tuple[Any, ...] | None = None
        self._model: Model | None = None

    def get(
        self,
        name: str,
        device: torch.device,
        loras: tuple[tuple[str, float], ...] = (),
        embeddings: tuple[str, ...] = (),
        control: str | None = None,
    ) -> Model:
        """The model with what is added to it, loaded if that is not what it was last time. Raises :class:`BadModel`."""
        check_kinship(name, [file for file, _ in loras], control)
        key = (name, device, loras, embeddings, control)
        if self._model is None or self._key != key:
            self._model = self._key = None  # before the next one is loaded: there may not be room for both
            model = load_model(name, device)
            model.adapt(loras, embeddings)
            if control:
                model.follow(control)
            self._model, self._key = model, key
        self._model.move(device)  # it may have been parked
        return self._model

    def for_job(self, job: Job, device: torch.device) -> Model:
        """The model that *job* asks for, on *device*. Raises :class:`BadModel`."""
        return self.get(job.model, device, job.loras, job.embeddings, job.control)

    def park(self) -> None:
        """Move all that is kept to the CPU's memory, so that others can use the card; the next job takes it back."""
        if self._model is not None and self._model.device.type != "cpu":
            self._model.move(torch.device("cpu"))
            self.perceptual.move(torch.device("cpu"))
            _empty_cache()

    def release(self) -> None:
        """Free the memory of all that is kept."""
        self._model = self._key = None
        self.perceptual = PerceptualLibrary()
        _empty_cache()


def _empty_cache() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
