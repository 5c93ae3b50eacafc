"""What is asked for: one immutable, validated description of a panorama, to and from JSON.

A job holds everything that decides the picture and nothing else (not where it is written), so that the job in a file's
header is enough to make the same picture again. Standard library only: Blender's side builds jobs too.
"""

import json
import random
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, Self, get_args

from . import checks
from .errors import BadRequest
from .job_parts import Layout, LayoutWord, Photo, Region, SkyOnly, part, parts
from .loss_weights import WEIGHT_LIMIT, loss_weights

Sampler = Literal["sync", "multidiffusion", "swap", "spot", "full"]
SolverName = Literal["ddim", "euler", "dpm++2m", "unipc", "lcm", "flow-euler", "tcd"]
WindowLayout = Literal["ring", "reference", "strip"]
SyncWindows = Literal["all", "side-by-side"]
SyncGradient = Literal["exact", "decoder", "half-resolution-colour"]
SunChoice = Literal["auto", "off"]
Precision = Literal["auto", "full", "half"]
Quality = Literal["draft", "standard", "final"]

BUNDLED_MODEL = "sky-small"
# Of a job; the first may also be a name.
PATH_FIELDS = ("model", "upscaler", "noise", "clip", "start", "mask", "control", "control_image")
PART_PATH_FIELDS = {"photos": "file", "regions": "mask"}  # of parts of a job
SEED_LIMIT = 2**31  # Blender's integers end there
WIDTH_RANGE = (64, 65536)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A panorama to generate. ``None`` means: the model's own default, or a random seed.

    prompt, negative: text; control characters and runs of white space become one space.
    model: a name of the catalogue (:mod:`engine.models.catalogue`), or the path of a folder in diffusers layout or of a
    single safetensors file.
    loras: names of the catalogue or files, with their scales, merged into it.
    embeddings: files of words learned by textual inversion.
    width: pixels; the height is half of it. base_width: at which the whole sky is composed, by default *width*, but no
    more than the model was trained for; what is wider is made of that in stages. steps, sampler, windows and coherence
    are about the composition. detail: which share of the denoising the first stage does anew, later ones less: 0
    enlarges only. poles: paint zenith and nadir anew as they are seen, so that nothing is pinched there; ``None``:
    unless quality is draft.
    upscaler: the safetensors file of a learned upscaler that enlarges in the stages; detail is then 0 by default.
    ``None``: the model's own, if it has one; see :func:`engine.stages.stages_of`.
    quality: how many steps by default: fewer than the model's own, as many, or more.
    steps: denoising steps. guidance: classifier-free guidance scale (up to 1: off). solver: how a step is taken.
    sampler: ``"sync"`` (SyncDiffusion, arXiv 2306.05178), ``"multidiffusion"`` (2302.08113), ``"swap"`` (2502.05130),
    ``"spot"`` (2407.15507) or ``"full"`` (the whole ring in one call).
    sync_windows: which windows have a gradient of their own: ``"all"`` (the paper's), or as many as lie
    ``"side-by-side"``, elsewhere in each step, whose moves all share: the default, unless sync_steps or windows say how
    it is done. sync_steps: how many of the first denoising steps are synchronized. sync_from: none before this one,
    from 0. sync_every: only every n-th of them. What is left out suits sync_windows: with ``"all"`` every step and the
    paper's weight, else a few steps while the layout is decided, with a weight that makes up for it.
    sync_gradient_steps: in each of these. sync_weight: the paper's w. sync_decay: the paper's per-step factor on w.
    sync_loss: what should be alike: a distance, or several with weights, such as ``"lpips-vgg + 100 * style"``.
    ``lpips-vgg`` (the paper's), ``lpips-alex``, ``style`` (Gram matrices), ``clip``, or ``clip-prompt``, the windows'
    distance to the prompt. clip: the folder of a CLIP model, which the last two need.
    sync_anchor: what windows are drawn to: the ``"middle"`` window (the paper's), the window at an azimuth in degrees,
    the ``"mean"`` of what is seen in all windows, the ``"nearest"`` of the photos, or a picture file.
    sync_gradient: ``"exact"`` (the paper's), ``"decoder"`` (below the noise level sync_decoder_below, in (0, 1], not
    through the denoiser: its length is corrected, its direction is not), or ``"half-resolution-colour"`` (another
    objective: windows are compared as decoded from half as many latents, which says little of their detail).
    windows: ``"ring"`` (all windows, wrapping), ``"reference"`` (the authors' list, one wrapped window short) or
    ``"strip"`` (no wrapping). window, stride: latent columns; by default the composition's height and about a quarter
    of it.
    sun: ``"auto"`` puts a true sun where the picture or the prompt has one; ``"off"`` leaves the light as generated.
    turbidity: Linke's, which decides how strong the sun is (2 very clear, 3 clear, 5 hazy or clouded, 7 dull); ``None``
    judges it from the picture.
    sun_ratio: direct over diffuse irradiance on level ground, in place of what sun's height and turbidity say.
    exposure: stops by which a diffuse white card lying under the sky is brighter than white (0 makes it 1.0); ``None``
    leaves the picture as bright as it was generated, because a night should stay darker than a noon.
    sky_only: what is below the horizon in place of what the model paints, see :class:`SkyOnly`; ``True`` is a grey
    ground, ``None`` leaves the picture as it is.
    start: a picture file of 2:1 to begin with: a panorama to vary or to edit, a painted sketch. layout: in its place,
    what the procedural renderer is to draw; ``"prompt"``: what the prompt says, the rest drawn by the seed; ``"none"``:
    nothing; ``None``: what suits the model, if the prompt stands alone. strength: how far the sky may depart from
    these: 0 keeps them, 1 is free.
    mask: a picture file of 2:1; only where it is white, the sky of ``start`` is painted anew, all else stays as it is.
    erase: what lies behind the mask is forgotten, and begun from what the sky has at the same heights elsewhere: what
    is there shall go, and not become something else. Without a mask it is the sun of ``start``, with its glow.
    draw_named: behind the mask, begin with the clouds above and the ground below the horizon that the prompt names, as
    the procedural renderer draws them; if it names none that can be drawn, all is painted as ever.
    feather: degrees within the edge of mask and photos over which old and new pass into each other.
    photos: pictures placed on the sphere, around which the rest is painted; see :class:`Photo`.
    regions: parts with prompts of their own; see :class:`Region`.
    control: the folder of a ControlNet (2302.05543) of the model's family, in diffusers layout. control_image: the
    picture file of 2:1 that it follows, such as the scene's depth. control_scale: how strictly; 0 is not at all.
    precision: ``"half"`` lets networks compute in 16 bits where that is safe, ``"full"`` does not, ``"auto"`` is half
    on accelerators.
    device: ``"auto"``, or any name PyTorch knows (``"cpu"``, ``"cuda"``, ``"mps"``).
    noise: a safetensors file whose tensor ``noise`` ([1, C, h, w]) is the start, in place of the seed's.

    Raises :class:`BadRequest` if a value is of the wrong type or out of range.
    """

    prompt: str
    negative: str = ""
    model: str = BUNDLED_MODEL
    loras: tuple[tuple[str, float], ...] = ()
    embeddings: tuple[str, ...] = ()
    seed: int | None = None
    width: int | None = None
    base_width: int | None = None
    detail: float | None = None
    poles: bool | None = None
    upscaler: str | None = None
    quality: Quality = "standard"
    steps: int | None = None
    guidance: float | None = None
    solver: SolverName | None = None
    sampler: Sampler = "sync"
    sync_windows: SyncWindows | None = None
    sync_from: int | None = None
    sync_steps: int | None = None
    sync_weight: float | None = None
    sync_decay: float = 0.95
    sync_every: int | None = None
    sync_gradient_steps: int = 1
    sync_loss: str = "lpips-vgg"
    sync_anchor: str | float = "middle"
    sync_gradient: SyncGradient = "exact"
    sync_decoder_below: float | None = None
    clip: str | None = None
    windows: WindowLayout = "ring"
    window: int | None = None
    stride: int | None = None
    sun: SunChoice = "auto"
    turbidity: float | None = None
    sun_ratio: float | None = None
    exposure: float | None = None
    sky_only: SkyOnly | None = None
    start: str | None = None
    layout: Layout | LayoutWord | None = None
    strength: float | None = None
    mask: str | None = None
    erase: bool = False
    draw_named: bool = False
    feather: float = 3.0
    photos: tuple[Photo, ...] = ()
    regions: tuple[Region, ...] = ()
    control: str | None = None
    control_image: str | None = None
    control_scale: float = 1.0
    precision: Precision = "auto"
    device: str = "auto"
    noise: str | None = None

    def __post_init__(self) -> None:
        for name in ("prompt", "negative"):
            object.__setattr__(self, name, checks.clean_text(name, getattr(self, name)))
        if not self.prompt:
            raise BadRequest("The prompt is empty.", 'Describe the sky, for example "golden hour over a calm sea".')
        checks.text("model", self.model)
        checks.text("device", self.device)
        for name in PATH_FIELDS[1:]:
            if getattr(self, name) is not None:
                checks.text(name, getattr(self, name))
        object.__setattr__(self, "loras", checks.loras(self.loras))
        object.__setattr__(self, "embeddings", checks.sequence("embeddings", self.embeddings))
        for file in self.embeddings:
            checks.text("embeddings", file)
        checks.not_none(self, "sync_decay", "sync_gradient_steps", "feather", "control_scale")
        checks.integer("seed", self.seed, 0, SEED_LIMIT - 1)
        checks.integer("width", self.width, *WIDTH_RANGE)
        checks.integer("base_width", self.base_width, *WIDTH_RANGE)
        checks.number(self, "detail", 0, 1)
        if self.poles is not None:
            checks.flag("poles", self.poles)
        checks.integer("steps", self.steps, 1, 1000)
        checks.integer("sync_steps", self.sync_steps, 0, 1000)
        checks.integer("sync_from", self.sync_from, 0, 1000)
        checks.integer("sync_every", self.sync_every, 1, 1000)
        checks.integer("sync_gradient_steps", self.sync_gradient_steps, 1, 100)
        checks.integer("window", self.window, 1)
        checks.integer("stride", self.stride, 1)
        checks.number(self, "guidance", 0, 100)
        checks.number(self, "sync_weight", 0, WEIGHT_LIMIT)
        checks.number(self, "sync_decay", 0, 1)
        checks.number(self, "sync_decoder_below", 0, 1)
        checks.azimuth_or_text(self, "sync_anchor")
        checks.number(self, "turbidity", 2, 8)  # where the clear-sky model's polynomials hold
        checks.number(self, "sun_ratio", 0, 100)
        checks.number(self, "exposure", -20, 20)
        checks.choice("quality", self.quality, get_args(Quality))
        checks.choice("sampler", self.sampler, get_args(Sampler))
        if self.solver is not None:
            checks.choice("solver", self.solver, get_args(SolverName))
        checks.choice("sun", self.sun, get_args(SunChoice))
        checks.choice("windows", self.windows, get_args(WindowLayout))
        if self.sync_windows is not None:
            checks.choice("sync_windows", self.sync_windows, get_args(SyncWindows))
        checks.choice("precision", self.precision, get_args(Precision))
        checks.choice("sync_gradient", self.sync_gradient, get_args(SyncGradient))
        checks.text("sync_loss", self.sync_loss)
        if self.clip is None and {"clip", "clip-prompt"} & set(loss_weights(self.sync_loss)):
            raise BadRequest(f"sync_loss is '{self.sync_loss}', but no CLIP is named.", "Name its folder as clip.")
        if self.sync_decoder_below is not None and self.sync_gradient != "decoder":
            raise BadRequest(
                f"sync_decoder_below has no meaning with the sync_gradient '{self.sync_gradient}'.",
                "Leave it out, or set sync_gradient to decoder.",
            )
        if self.steps is not None and self.sync_steps is not None and self.sync_steps > self.steps:
            raise BadRequest(
                f"sync_steps is {self.sync_steps}, but there are only {self.steps} steps.",
                "Ask for at most as many synchronized steps as steps.",
            )

        self._check_direction()

    def _check_direction(self) -> None:
        """What is said of where things are in the sky."""
        if isinstance(self.layout, str):
            checks.choice("layout", self.layout, get_args(LayoutWord))
        elif self.layout is not None:
            object.__setattr__(self, "layout", part("layout", Layout, self.layout))
        ground: Any = self.sky_only
        if ground is not None:
            object.__setattr__(self, "sky_only", part("sky_only", SkyOnly, {} if ground is True else ground))
        object.__setattr__(self, "photos", parts("photos", Photo, self.photos))
        object.__setattr__(self, "regions", parts("regions", Region, self.regions))
        checks.number(self, "strength", 0, 1)
        checks.number(self, "feather", 0, 45)
        drawn = self.layout not in (None, "none")
        if self.start is not None and drawn:
            raise BadRequest("There are two beginnings, start and layout.", "Leave out one of them.")
        if self.strength is not None and self.start is None and not drawn:
            raise BadRequest("strength has no meaning without a start or a layout.", "Leave it out, or give one.")
        if self.mask is not None and self.start is None:
            raise BadRequest("There is a mask, but no panorama to edit.", "Name it as start.")
        checks.flag("erase", self.erase)
        if self.erase and self.start is None:
            raise BadRequest("There is no panorama to erase from.", "Name it as start, or leave erase out.")
        checks.flag("draw_named", self.draw_named)
        if self.draw_named and (self.mask is None or self.erase):
            raise BadRequest("draw_named draws behind a mask that is not erased.", "Leave it out.")
        if self.edits and self.exposure is not None:
            raise BadRequest("exposure would change the sky outside of what is edited, too.", "Leave it out.")
        if self.edits and self.sky_only is not None:
            raise BadRequest("sky_only would change the sky outside of what is edited, too.", "Leave it out.")
        if self.sync_anchor == "nearest" and not self.photos:
            raise BadRequest("sync_anchor is 'nearest', but there are no photos.", "Add photos, or choose middle.")

        checks.number(self, "control_scale", 0, 10)
        if (self.control is None) != (self.control_image is None):
            there, lacks = ("control", "control_image") if self.control else ("control_image", "control")
            raise BadRequest(f"There is a {there}, but no {lacks}.", "Give both: a ControlNet and what it follows.")

    @property
    def edits(self) -> bool:
        """Whether only a part of ``start`` is made anew."""
        return self.mask is not None or self.erase

    @property
    def stays_in_place(self) -> bool:
        """Whether what a window is to show depends on where it lies."""
        return bool(self.regions or self.control) or self.sync_anchor == "nearest"

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
