"""Parts of a job that have entries of their own: a layout, photos, regions. To and from JSON, checked as a job is.

Standard library only: Blender's side builds them too.
"""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, get_args

from . import checks
from .errors import BadRequest

CloudKind = Literal["clear", "few", "scattered", "broken", "overcast", "cirrus", "mackerel", "storm", "cumulonimbus"]
GroundKind = Literal["sea", "lake", "desert", "grass", "snow", "forest", "coast"]
HorizonKind = Literal["flat", "hills", "mountains", "city"]
Luminary = Literal["sun", "moon", "stars"]
LayoutWord = Literal["prompt", "none"]
GlowKind = Literal["orange", "golden", "red", "pink"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things are in a sky, for the procedural renderer to draw.

    light: what stands in the sky: the sun, by day or twilight; the moon; or stars alone. azimuth, elevation: of sun or
    moon, in degrees clockwise from north and above the horizon; a sun down to -18. clouds: kind. cover: how much of the
    sky they cover, in [0, 1]; 0.5 is usual for the kind, and a closed deck stays closed. ground: below the horizon.
    horizon: what stands on it. haze: before it. mist: in the hollows of a morning, which is what a sun from 11 to 26
    degrees stands in. glow: colour of a low sun's light. seed: where clouds, waves and mountains lie.

    cloud_azimuth, sea_azimuth, city_azimuth: where the cumulonimbus, the sea of a coast and the middle of a city lie.
    city_glow: a city's light on the night, also from beyond the horizon. fog: in banks on the ground. rays: beams of a
    sun that stands behind a cloud. milky_way: among stars that no other lights hide. aurora: in its place. moon_phase:
    share of the month since new moon; 0.5 is full.
    """

    light: Luminary = "sun"
    azimuth: float = 90.0
    elevation: float = 30.0
    moon_phase: float = 0.5
    clouds: CloudKind = "scattered"
    cloud_azimuth: float = 90.0
    cover: float = 0.5
    ground: GroundKind = "grass"
    sea_azimuth: float = 90.0
    horizon: HorizonKind = "flat"
    city_azimuth: float = 90.0
    city_glow: bool = False
    haze: bool = False
    mist: bool = True
    fog: bool = False
    rays: bool = False
    milky_way: bool = True
    aurora: bool = False
    glow: GlowKind = "orange"
    seed: int = 0

    def __post_init__(self) -> None:
        kinds = {"light": Luminary, "clouds": CloudKind, "ground": GroundKind, "horizon": HorizonKind, "glow": GlowKind}
        for name, kind in kinds.items():
            checks.choice(name, getattr(self, name), get_args(kind))
        azimuths = ("azimuth", "cloud_azimuth", "sea_azimuth", "city_azimuth")
        checks.not_none(self, *azimuths, "elevation", "moon_phase", "cover", "seed")
        for name in azimuths:
            checks.number(self, name, -360, 360)
        checks.number(self, "moon_phase", 0, 1)
        checks.number(self, "elevation", -18 if self.light == "sun" else 0, 90)
        checks.number(self, "cover", 0, 1)
        for name in ("city_glow", "haze", "mist", "fog", "rays", "milky_way", "aurora"):
            checks.flag(name, getattr(self, name))
        checks.integer("seed", self.seed, 0, 2**31 - 1)

    @property
    def shows(self) -> Literal["sun", "moon", "none"]:
        """What can be seen and casts shadows."""
        hidden = self.clouds in ("overcast", "storm") or (self.light == "sun" and self.rays)
        if hidden or self.light == "stars" or self.elevation < 0:
            return "none"
        return self.light


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture with an ordinary lens that is placed on the sphere; of several that overlap, the later one is seen.

    file: PNG, JPEG, EXR. azimuth, elevation: degrees that its centre looks to; ``None``: as the camera noted, else the
    panorama's centre and the horizon. roll: degrees by which the camera was turned clockwise. field_of_view: degrees
    across the picture's width; ``None``: as the camera noted. strength: 0 keeps the photo as it is; above, the model
    may change it, the more the nearer to 1.
    """

    file: str
    azimuth: float | None = None
    elevation: float | None = None
    roll: float = 0.0
    field_of_view: float | None = None
    strength: float = 0.0

    def __post_init__(self) -> None:
        checks.text("file", self.file)
        checks.not_none(self, "roll", "strength")
        checks.number(self, "azimuth", -360, 360)
        checks.number(self, "elevation", -90, 90)
        checks.number(self, "roll", -180, 180)
        checks.number(self, "field_of_view", 1, 160)
        checks.number(self, "strength", 0, 1)


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of the panorama with a prompt of its own.

    prompt: what is there. azimuth, width: degrees of its middle and across. lowest, highest: elevations in degrees
    between which it is. softness: degrees over which it passes into what is around it, half of them inside.
    mask: in place of all these, a picture file of 2:1 whose white is the region.
    """

    prompt: str
    azimuth: float = 90.0
    width: float = 90.0
    lowest: float = -90.0
    highest: float = 90.0
    softness: float = 20.0
    mask: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", checks.clean_text("prompt", self.prompt))
        if not self.prompt:
            raise BadRequest("The prompt is empty.", "Say what is there.")
        checks.not_none(self, "azimuth", "width", "lowest", "highest", "softness")
        checks.number(self, "azimuth", -360, 360)
        checks.number(self, "width", 1, 360)
        checks.number(self, "lowest", -90, 90)
        checks.number(self, "highest", -90, 90)
        checks.number(self, "softness", 0, 180)
        if self.mask is not None:
            checks.text("mask", self.mask)
        if self.lowest >= self.highest:
            raise BadRequest(
                f"It is empty: from {self.lowest:g} up to {self.highest:g} degrees.", "Set highest above lowest."
            )


@dataclass(frozen=True, kw_only=True)
class SkyOnly:
    """What is below the horizon in place of what the model painted there, so that a sky can stand over any ground.

    colour: of a matte ground, its albedo in linear Rec.709; it is as bright as such a ground is under the sky. fade:
    degrees below the horizon over which its colours pass into the ground's. mirror: share of the sky's mirror image.
    """

    colour: tuple[float, float, float] = (0.2, 0.2, 0.2)
    fade: float = 5.0
    mirror: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "colour", checks.colour("colour", self.colour))
        checks.not_none(self, "fade", "mirror")
        checks.number(self, "fade", 0, 90)
        checks.number(self, "mirror", 0, 1)


Part = TypeVar("Part", Layout, Photo, Region, SkyOnly)


def part(name: str, kind: type[Part], value: Any) -> Part:
    """A *kind* from parsed JSON. Raises :class:`BadRequest`, which begins with *name*."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, dict):
        raise BadRequest(f"{name} must be a JSON object, not {value!r}.")
    known = [field.name for field in fields(kind)]
    if unknown := [key for key in value if key not in known]:
        near = [match for key in unknown for match in get_close_matches(str(key), known, 1)]
        hint = f"Did you mean {', '.join(near)}?" if near else f"Known are {', '.join(known)}."
        raise BadRequest(f"{name} has entries that are unknown: {', '.join(map(str, unknown))}.", hint)
    needed = [field.name for field in fields(kind) if field.default is MISSING]
    if missing := [key for key in needed if key not in value]:
        raise BadRequest(f"{name} has no {' and no '.join(missing)}.")
    try:
        return kind(**value)
    except BadRequest as error:
        raise BadRequest(f"{name}: {error.message}", error.hint) from error


def parts(name: str, kind: type[Part], value: Any) -> tuple[Part, ...]:
    """Several of a *kind* from parsed JSON; they are named by their numbers from 1."""
    return tuple(part(f"{name} {number}", kind, item) for number, item in enumerate(checks.sequence(name, value), 1))


def overlapping(regions: Sequence[Region]) -> bool:
    """Whether two of the *regions* that are told by angles share more than their soft edges."""
    told = [region for region in regions if region.mask is None]
    return any(
        abs((a.azimuth - b.azimuth + 180) % 360 - 180) + (a.softness + b.softness) / 2 < (a.width + b.width) / 2
        and max(a.lowest, b.lowest) < min(a.highest, b.highest)
        for number, a in enumerate(told)
        for b in told[:number]
    )
