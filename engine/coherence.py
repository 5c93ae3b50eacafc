"""From a job's words about coherence to the synchronization that does it."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from .errors import BadRequest
from .loss_weights import loss_weights
from .models.model import Model
from .perceptual.library import PerceptualLibrary
from .plan import Plan
from .precision import Precision
from .sampling.chunks import Chunks
from .sampling.synchronization import Synchronization
from .start.photos import place
from .start.reading import read_display


def synchronization(todo: Plan, model: Model, library: PerceptualLibrary, precision: Precision) -> Synchronization:
    """What *todo* asks for. Raises :class:`BadRequest`, :class:`BadModel` or :class:`EngineIncomplete`."""
    job, windows = todo.job, todo.drawn or todo.windows
    assert job.sync_steps is not None and job.sync_weight is not None
    assert job.sync_from is not None and job.sync_every is not None
    halved = job.sync_gradient == "half-resolution-colour"
    anchor, reference, nearest = None, None, None
    if isinstance(job.sync_anchor, float):
        anchor = windows.nearest(job.sync_anchor)
    elif job.sync_anchor == "middle":
        anchor = windows.middle
    elif job.sync_anchor != "mean":
        files = [photo.file for photo in job.photos] if job.sync_anchor == "nearest" else [job.sync_anchor]
        pixels = model.factor // 2 if halved else model.factor
        size = (todo.canvas[0] * pixels, windows.columns.shape[1] * pixels)
        reference = torch.cat([_reference(file, *size) for file in files]).to(model.device)
        if len(files) > 1:
            nearest = _nearest(todo, model)
    distance = library.distance(loss_weights(job.sync_loss), model.device, job.prompt, job.clip)

    def checkpoint(on: bool = True) -> None:
        model.checkpoint(on)
        distance.checkpoint(on)

    def gradients_in() -> AbstractContextManager:
        # What checkpoints compute again is computed outside of the context, so the two do not go together.
        return nullcontext() if distance.checkpointing else precision.gradient(model.device)

    checkpoint(todo.checkpoint)  # model and distance are kept from job to job
    return Synchronization(
        distance=distance,
        display=partial(_display_of_half, model) if halved else model.display,
        anchor=anchor,
        reference=reference,
        nearest=nearest,
        start=job.sync_from,
        steps=job.sync_steps,
        every=job.sync_every,
        initial_weight=job.sync_weight,
        decay=job.sync_decay,
        gradient_steps=job.sync_gradient_steps,
        decoder_below=job.sync_decoder_below or 0.0,
        gradients_in=gradients_in,
        chunks=Chunks(todo.gradient),
        checkpoint=checkpoint,
        more_precise=precision.give_up,
    )


def _nearest(todo: Plan, model: Model) -> Tensor:
    """The number of the photo that is nearest to each window's middle, ``[n]``."""
    azimuths = torch.tensor([place(photo).azimuth for photo in todo.job.photos])
    apart = (todo.windows.azimuths.cpu()[:, None] - azimuths + 180) % 360 - 180
    return apart.abs().argmin(1).to(model.device)


def _display_of_half(model: Model, latents: Tensor) -> Tensor:
    """Pictures of half the size, decoded from the means of 2 x 2 latents: colour and layout without the detail."""
    return model.display(functional.avg_pool2d(latents, 2))


def _reference(file: str, height: int, width: int) -> Tensor:
    """The middle of the picture *file* ``[1, 3, height, width]``, as large as fits. Raises :class:`BadRequest`."""
    path = Path(file).expanduser()
    if not path.is_file():
        raise BadRequest(
            f"The sync_anchor '{file}' is neither a picture file nor known.",
            "Choose middle, mean, an azimuth in degrees, or a picture.",
        )
    picture = read_display(path)
    scale = max(height / picture.shape[1], width / picture.shape[2])
    size = (max(height, round(picture.shape[1] * scale)), max(width, round(picture.shape[2] * scale)))
    picture = functional.interpolate(picture[None], size=size, mode="bilinear", antialias=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return picture[..., top : top + height, left : left + width]
