"""What is asked for: one immutable, validated description of a panorama, to and from JSON.

A job holds everything that decides the picture and nothing else (not where it is written), so that the job in a file's
header is enough to make the same picture again. Standard library only: Blender's side builds jobs too.
"""

import json
import math
import random
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, get_args

from .errors import BadRequest

Sampler = Literal["sync", "multidiffusion", "spot", "full"]
SolverName = Literal["ddim", "euler", "dpm++2m", "unipc"]
WindowLayout = Literal["ring", "reference", "strip"]

BUNDLED_MODEL = "sky-small"
SEED_LIMIT = 2**31  # Blender's integers end there
WIDTH_RANGE = (64, 65536)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A panorama to generate. ``None`` means: the model's own default, or a random seed.

    prompt, negative: text; control characters and runs of white space become one space.
    model: ``"sky-small"`` or the path of a folder in diffusers layout.
    width: pixels; the height is half of it.
    steps: denoising steps. guidance: classifier-free guidance scale (1 switches it off). solver: how a step is taken.
    sampler: ``"sync"`` (SyncDiffusion, arXiv 2306.05178), ``"multidiffusion"`` (2302.08113), ``"spot"`` (2407.15507) or
    ``"full"`` (the whole ring in one call).
    sync_steps: how many of the first denoising steps are synchronized. sync_weight: the paper's w.
    sync_decay: the paper's per-step factor on w.
    windows: ``"ring"`` (all windows, wrapping), ``"reference"`` (the authors' list, one wrapped window short) or
    ``"strip"`` (no wrapping). window, stride: latent columns; by default the panorama's height and about a quarter
    of it.
    device: ``"auto"``, or any name PyTorch knows (``"cpu"``, ``"cuda"``, ``"mps"``).
    noise: a safetensors file whose tensor ``noise`` ([1, C, h, w]) is the start, in place of the seed's.

    Raises :class:`BadRequest` if a value is of the wrong type or out of range.
    """

    prompt: str
    negative: str = ""
    model: str = BUNDLED_MODEL
    seed: int | None = None
    width: int | None = None
    steps: int | None = None
    guidance: float | None = None
    solver: SolverName = "ddim"
    sampler: Sampler = "sync"
    sync_steps: int | None = None
    sync_weight: float = 20.0
    sync_decay: float = 0.95
    windows: WindowLayout = "ring"
    window: int | None = None
    stride: int | None = None
    device: str = "auto"
    noise: str | None = None

    def __post_init__(self) -> None:
        for name in ("prompt", "negative"):
            object.__setattr__(self, name, _clean_text(name, getattr(self, name)))
        if not self.prompt:
            raise BadRequest("The prompt is empty.", 'Describe the sky, for example "golden hour over a calm sea".')
        _text("model", self.model)
        _text("device", self.device)
        if self.noise is not None:
            _text("noise", self.noise)
        _integer("seed", self.seed, 0, SEED_LIMIT - 1)
        _integer("width", self.width, *WIDTH_RANGE)
        _integer("steps", self.steps, 1, 1000)
        _integer("sync_steps", self.sync_steps, 0, 1000)
        _integer("window", self.window, 1)
        _integer("stride", self.stride, 1)
        _number(self, "guidance", 0, 100)
        _number(self, "sync_weight", 0, 1e6)
        _number(self, "sync_decay", 0, 1)
        _choice("sampler", self.sampler, get_args(Sampler))
        _choice("solver", self.solver, get_args(SolverName))
        _choice("windows", self.windows, get_args(WindowLayout))
        if self.steps is not None and self.sync_steps is not None and self.sync_steps > self.steps:
            raise BadRequest(
                f"sync_steps is {self.sync_steps}, but there are only {self.steps} steps.",
                "Ask for at most as many synchronized steps as steps.",
            )

    def with_seed(self) -> Self:
        """This job with its seed drawn, if it had none."""
        return self if self.seed is not None else replace(self, seed=random.randrange(SEED_LIMIT))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def to_json(self, indent: int | None = None) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Build a job from parsed JSON. Raises :class:`BadRequest`, naming each unknown or missing entry."""
        if not isinstance(values, dict):
            raise BadRequest("A job must be a JSON object.", 'For example {"prompt": "golden hour over a calm sea"}.')
        known = [field.name for field in fields(cls)]
        if unknown := [name for name in values if name not in known]:
            near = [match for name in unknown for match in get_close_matches(name, known, 1)]
            raise BadRequest(
                f"The job has entries that are unknown: {', '.join(unknown)}.",
                f"Did you mean {', '.join(near)}?" if near else f"Known are {', '.join(known)}.",
            )
        if "prompt" not in values:
            raise BadRequest("The job has no prompt.", 'Add "prompt": "golden hour over a calm sea", for example.')
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse a job. Raises :class:`BadRequest` if it is not JSON or not a job."""
        try:
            return cls.from_dict(json.loads(text))
        except ValueError as error:
            raise BadRequest(
                f"The job is not valid JSON: {error}.", "Compare it with what `engine show` prints."
            ) from error


def default_output(folder: Path, job: Job) -> Path:
    """A file name in *folder* that says what it holds: the prompt's first words and the seed."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in job.prompt.lower()).split()
    return folder / f"{'-'.join(words)[:60].strip('-') or 'sky'}-{job.seed}.exr"


def _clean_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be text, not {type(value).__name__}.")
    return " ".join("".join(c if c.isprintable() or c == "\u200d" else " " for c in value).split())


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise BadRequest(f"{name} must be a text that is not empty, not {value!r}.")


def _integer(name: str, value: Any, least: int, most: int | None = None) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(f"{name} must be a whole number, not {value!r}.")
    if value < least or (most is not None and value > most):
        span = f"at least {least}" if most is None else f"between {least} and {most}"
        raise BadRequest(f"{name} is {value}.", f"It must be {span}.")


def _number(job: Job, name: str, least: float, most: float) -> None:
    value = getattr(job, name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(f"{name} must be a number, not {value!r}.")
    if not math.isfinite(value) or not least <= value <= most:
        raise BadRequest(f"{name} is {value}.", f"It must be between {least:g} and {most:g}.")
    object.__setattr__(job, name, float(value))


def _choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadRequest(f"{name} is {value!r}, which is unknown.", f"Choose from {', '.join(choices)}.")
