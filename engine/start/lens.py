"""What a camera noted in a photo's EXIF about where it looked (CIPA DC-008, "Exif 2.32")."""

import math
from dataclasses import dataclass

from PIL import ExifTags, Image

_FULL_FRAME = math.hypot(36, 24)  # mm across a film picture's diagonal, by which equivalent focal lengths are told
_CAMERA_ELEVATION_ANGLE = 0x9405
_MM = {2: 25.4, 3: 10.0}  # of a focal plane's resolution unit: inch, centimetre
_SIDEWAYS = (5, 6, 7, 8)  # orientations whose width and height change places when the picture is shown upright


@dataclass(frozen=True)
class Lens:
    """field_of_view: degrees across the upright picture's width. heading: degrees from north. pitch: degrees upward."""

    field_of_view: float | None = None
    heading: float | None = None
    pitch: float | None = None


def lens_of(picture: Image.Image) -> Lens:
    """What is noted in *picture*, which has not been turned upright yet."""
    exif = picture.getexif()
    details, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    width, height = picture.size
    upright = height if exif.get(ExifTags.Base.Orientation) in _SIDEWAYS else width
    focal = _pixels(details, width, height)
    heading = _number(place.get(ExifTags.GPS.GPSImgDirection))
    pitch = _number(details.get(_CAMERA_ELEVATION_ANGLE))
    return Lens(
        field_of_view=math.degrees(2 * math.atan(upright / 2 / focal)) if focal else None,
        heading=heading if heading is not None and 0 <= heading <= 360 else None,
        pitch=pitch if pitch is not None and -90 <= pitch <= 90 else None,
    )


def _pixels(details: dict, width: int, height: int) -> float | None:
    """The focal length in pixels: from its 35 mm equivalent, or from the sensor's resolution."""
    if equivalent := _number(details.get(ExifTags.Base.FocalLengthIn35mmFilm)):
        return equivalent / _FULL_FRAME * math.hypot(width, height)
    focal, resolution = (
        _number(details.get(tag)) for tag in (ExifTags.Base.FocalLength, ExifTags.Base.FocalPlaneXResolution)
    )
    taken = _number(details.get(ExifTags.Base.ExifImageWidth))  # the sensor's pixels; the file may have been shrunk
    unit = _MM.get(details.get(ExifTags.Base.FocalPlaneResolutionUnit, 2))
    if not (focal and resolution and taken and unit):
        return None
    return focal * resolution / unit * width / taken


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None
