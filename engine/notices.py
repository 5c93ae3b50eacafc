"""What a job asks for that its model does not do: told, because the picture is made all the same."""

from collections.abc import Iterator

from .job import Job
from .job_parts import overlapping
from .models.model import Model
from .protocol import Notice
from .sky.parameters import Thing
from .sky.said import kinds_said, understood
from .start.prompt_layout import beginning
from .start.reading import read_picture
from .vocabulary import unknown_words, unknown_words_message


def notices(job: Job, model: Model, completed: Job) -> Iterator[Notice]:
    """One notice for each part of *job*, as it was asked for, that *model* leaves unused, and for each picture that is
    not taken as it is. *completed*: the same job with what it leaves open.

    Raises :class:`BadRequest` if one cannot be read.
    """
    for file in dict.fromkeys([job.start, *(photo.file for photo in job.photos)]):
        if file and (share := read_picture(file).negative):
            percent = f"{100 * share:.1f}" if share >= 0.001 else "less than 0.1"
            message = f"In {file}, {percent} % of the pixels have negative values, which are taken as 0."
            yield Notice(code="negative_values", message=message)
    if not model.reads_text:
        yield Notice(code="prompt_unused", message="The model takes no text: it paints what it was trained on.")
        return
    if overlapping(job.regions):
        yield Notice(code="regions_overlap", message="Some regions overlap: there their prompts are mixed evenly.")
    guidance = model.guidance if job.guidance is None else job.guidance
    layout = beginning(completed) if completed.layout == "prompt" else None
    # A sky that is drawn leaves out what is unwanted, whatever the model's guidance.
    if job.negative and not layout and (model.guidance_kind != "classifier-free" or guidance <= 1):
        reason = "guidance is off" if model.guidance_kind == "classifier-free" else "this model takes none"
        yield Notice(code="negative_unused", message=f"The negative prompt is not used: {reason}.")
    if layout and layout.shows == "sun" and Thing.SUN in kinds_said(job.negative):
        message = (
            "The sun is seen although the negative prompt names it: neither hour nor clouds of the prompt hide it."
        )
        yield Notice(code="negative_unused", message=message)
    if job.guidance is not None and model.guidance_kind == "none":
        yield Notice(code="guidance_unused", message="The guidance is not used: this model has it built in.")
    for name, text in (("prompt", job.prompt), ("negative prompt", job.negative)):
        if unseen := model.overflow(text):
            yield Notice(
                code="prompt_too_long", message=f'The {name} is too long for the model, which ignores "{unseen}".'
            )
    drawn = understood() if layout else []  # whether or not the model was taught these words
    if model.vocabulary and (unknown := unknown_words(job.prompt, [*model.vocabulary, *drawn])):
        yield Notice(code="unknown_words", message=unknown_words_message(job.model, unknown))
