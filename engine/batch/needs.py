"""What the shots of a list need to be there: seen before anything starts, not at three in the morning."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..devices import choose_device
from ..errors import BadRequest, SkyloomError
from ..job import Job
from ..models.folder import find_model, find_weights
from .presets import anchor_picture
from .shots import BadShots, Shot

Need = tuple[Callable[[Any], Any], Any]  # what raises if it is not there, and its name


def check_needs(shots: Sequence[Shot], devices: bool) -> None:
    """See that every model and file that *shots* name is there, and this machine's *devices*.

    Raises :class:`BadShots` naming every line that lacks something.
    """
    problems: dict[str, None] = {}  # each once, in the order of the list, though a row has many seeds
    answers: dict[Need, str] = {}
    for shot in shots:
        for need in _needs(shot.job, devices):
            if need not in answers:
                answers[need] = _problem_of(need)
            if answers[need]:
                problems[f"line {shot.line}: {answers[need]}"] = None
    if problems:
        raise BadShots("\n".join(["The shots cannot be made; nothing was started.", *problems]))


def _needs(job: Job, devices: bool) -> Iterator[Need]:
    yield find_model, job.model
    if devices:
        yield choose_device, job.device
    for name in filter(None, (*(file for file, _ in job.loras), *job.embeddings, job.upscaler)):
        yield find_weights, name
    pictures = (*(photo.file for photo in job.photos), *(region.mask for region in job.regions))
    named = (job.noise, job.clip, job.start, job.mask, job.control, job.control_image, anchor_picture(job.sync_anchor))
    for name in filter(None, (*named, *pictures)):
        yield _find, name


def _find(name: str) -> None:
    if not Path(name).expanduser().exists():
        raise BadRequest(f"{name} does not exist.", "Paths are relative to the list that names them.")


def _problem_of(need: Need) -> str:
    find, name = need
    try:
        find(name)
    except SkyloomError as error:
        return str(error)
    return ""
