"""The inside of a run, for research: where it started, every canvas on the way, and the picture at the end."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .errors import BadRequest
from .output.files import whole_file

NOISE = "noise"


class Trace:
    """Collects tensors for one safetensors file: ``noise``, ``latent_1..n`` (``[1, C, h, W]``) and ``image``."""

    def __init__(self, noise: Tensor) -> None:
        self._tensors = {NOISE: noise.cpu()}

    def add_canvas(self, x: Tensor) -> None:
        """The canvas after one more denoising step."""
        self._tensors[f"latent_{len(self._tensors)}"] = x.cpu()

    def save(self, path: Path, image: Tensor) -> None:
        """*image*: ``[3, H, W]``, as a viewer sees it, in [0, 1]. Raises :class:`GenerationFailed`."""
        with whole_file(path) as partial:
            save_file(
                {**{k: v.contiguous() for k, v in self._tensors.items()}, "image": image.cpu().contiguous()}, partial
            )


def starting_noise(path: str | None, shape: tuple[int, ...], seed: int) -> Tensor:
    """Standard normal noise of *shape*: the tensor ``noise`` in the safetensors file *path*, or drawn from *seed*.

    Drawn on the CPU whatever the device, so that a seed means the same everywhere. Raises :class:`BadRequest`.
    """
    if path is None:
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    file = Path(path).expanduser()
    if not file.is_file():
        raise BadRequest(f"The noise file {file} does not exist.", "Name a safetensors file with a tensor 'noise'.")
    try:
        with safe_open(file, framework="pt") as tensors:
            noise = tensors.get_tensor(NOISE).float()
    except SafetensorError as error:
        raise BadRequest(
            f"{file} has no noise to start from ({error}).", "Name a safetensors file with a tensor 'noise'."
        ) from error
    if tuple(noise.shape) != tuple(shape):
        raise BadRequest(
            f"The noise in {file} is {list(noise.shape)}, but this job needs {list(shape)}.",
            "Change the width or the file.",
        )
    return noise
