"""What lights a panorama, as it is told to Blender and kept in the EXR's header. Standard library only."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from ..errors import BadRequest
from ..output.header import read_attribute

LIGHT_ATTRIBUTE = "skyloom.light"  # of an EXR's header
Colour = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class FoundLight:
    """The sun or moon of a panorama, or that there is none: then only ``white`` and ``white_card`` are set.

    azimuth: degrees clockwise from north (+Y) as Blender shows it. elevation: degrees. extent: degrees from the centre
    to where the glow has halved. clipped: the picture held no more than a saturated or blurred sun. seen: it is in the
    picture; otherwise it stands where the prompt's hour and the brightest sky put it.
    size: degrees across. reach: degrees around it where the picture's pixels are brighter because of it. irradiance: of
    these beyond the sky's, facing it, linear Rec.709. glow: share of it that is not the disc's.
    ratio: direct to diffuse irradiance on level ground. white: radiance of a white card lying under the sky.
    white_card: its luminance.
    """

    kind: Literal["sun", "moon", "none"]
    white: Colour = (1.0, 1.0, 1.0)
    white_card: float = 1.0
    azimuth: float = 0.0
    elevation: float = 0.0
    extent: float = 0.0
    clipped: bool = False
    seen: bool = False
    size: float = 0.0
    reach: float = 0.0
    irradiance: Colour = (0.0, 0.0, 0.0)
    glow: float = 0.0
    ratio: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Unknown entries, of a later version, are ignored."""
        known: dict[str, Any] = {name: value for name, value in values.items() if name in cls.__dataclass_fields__}
        for name, value in known.items():
            known[name] = tuple(value) if isinstance(value, list) else value
        return cls(**known)


def read_light(path: Path) -> FoundLight | None:
    """What lights the panorama at *path*; None for a picture of another program's, whose header does not say."""
    try:
        return FoundLight.from_dict(read_attribute(path, LIGHT_ATTRIBUTE))
    except BadRequest:
        return None
