"""Pictures that a job brings along: any colour space, bit depth, transparency and orientation, read as radiance."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenEXR
import torch
from PIL import Image, ImageCms, ImageOps
from torch import Tensor

from ..errors import BadRequest
from ..light.primaries import REC709, to_rec709
from ..light.transfer import HALF_MAX, linear_to_srgb, srgb_to_linear, tonemap
from ..output.pictures import exr_colours
from ..sphere.enlarging import resized
from .continuation import fill
from .lens import Lens, lens_of

_HINT = "Name an EXR, PNG or JPEG file."

_ROUNDING = 0.001  # of a picture's mean: as little below black is a filter's or a half float's

FromDisplay = Callable[[Tensor], Tensor]  # what a display shows, sRGB in [0, 1], to the radiance that it stands for


@dataclass(frozen=True)
class Picture:
    """radiance: ``[3, H, W]``, scene-linear Rec.709. alpha: ``[1, H, W]`` in [0, 1]. lens: what the camera noted.

    negative: share of the pixels that the file says are darker than black, more than by rounding; they are black here.
    """

    radiance: Tensor
    alpha: Tensor
    lens: Lens
    negative: float = 0.0


def read_picture(file: str, from_display: FromDisplay = srgb_to_linear) -> Picture:
    """The picture in *file*; *from_display*: if it is no EXR. Raises :class:`BadRequest` if it is missing or none."""
    path = Path(file).expanduser()
    if not path.is_file():
        raise BadRequest(f"The picture {path} does not exist.", _HINT)
    try:
        return _read_exr(path) if _is_exr(path) else _read_shown(path, from_display)
    except (OSError, RuntimeError, KeyError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error) or type(error).__name__
        raise BadRequest(f"{path} cannot be read as a picture ({reason}).", _HINT) from error


def read_display(file: Path) -> Tensor:
    """The picture in *file* as a viewer sees it, ``[3, H, W]`` in [0, 1]; an EXR is tonemapped. Raises
    :class:`BadRequest` if it is missing or none."""
    radiance = read_picture(str(file)).radiance
    return tonemap(radiance) if _is_exr(file) else linear_to_srgb(radiance)


def _is_exr(path: Path) -> bool:
    return path.suffix.lower() == ".exr"


def read_panorama(file: str, width: int, from_display: FromDisplay = srgb_to_linear) -> Tensor:
    """Radiance ``[3, width / 2, width]`` of the panorama in *file*, continued smoothly where it is transparent.

    Raises :class:`BadRequest` if it is not 2:1, or transparent all over.
    """
    picture = read_picture(file, from_display)
    radiance = resized(_two_to_one(picture.radiance, file), width)
    if picture.alpha.min() == 1:
        return radiance
    if not picture.alpha.any():
        raise BadRequest(f"{file} is transparent all over.", "Paint something, or leave it out.")
    seen = resized(picture.radiance * picture.alpha, width)
    there = resized(picture.alpha, width)
    return fill(seen / there.clamp(min=1e-6), there)


def panorama_width(file: str) -> int:
    """Pixels across the panorama in *file*. Raises :class:`BadRequest` if it is not 2:1."""
    return _two_to_one(read_picture(file).radiance, file).shape[2]


def read_mask(file: str, width: int) -> Tensor:
    """How white the picture in *file* is, ``[1, width / 2, width]`` in [0, 1]; what is transparent is black.

    Its numbers are shares and not light, so a grey of 128 is a half.

    Raises :class:`BadRequest` if it is not 2:1, of another shape than the panorama, or black all over.
    """
    picture = read_picture(file, lambda shares: shares)
    mask = picture.radiance.mean(0, keepdim=True).clamp(0, 1) * picture.alpha
    if not mask.any():
        raise BadRequest(f"The mask {file} is black all over.", "Paint white what it should choose.")
    return resized(_two_to_one(mask, file), width)


def _two_to_one(picture: Tensor, file: str) -> Tensor:
    height, width = picture.shape[1:]
    if width != 2 * height:
        raise BadRequest(
            f"{file} is {width} x {height}, not twice as wide as high.",
            "Give an equirectangular panorama; a photo is placed with photos.",
        )
    return picture


def _read_exr(path: Path) -> Picture:
    file = OpenEXR.File(str(path))
    pixels = torch.from_numpy(exr_colours(file)).permute(2, 0, 1)
    alpha = pixels[3:4] if len(pixels) == 4 else torch.ones(1, *pixels.shape[1:])
    if not torch.isfinite(pixels).all():
        raise ValueError("it has values that are infinite or not numbers")
    radiance = pixels[:3]
    negative = (radiance.amin(0) < -_ROUNDING * radiance.abs().mean()).float().mean().item()
    named = tuple(float(number) for number in file.header().get("chromaticities", REC709))
    if max(abs(a - b) for a, b in zip(named, REC709, strict=True)) > 0.001:
        radiance = torch.tensordot(to_rec709(named), radiance, dims=1)
    return Picture(radiance.clamp(0, HALF_MAX), alpha.clamp(0, 1), Lens(), negative)


def _read_shown(path: Path, from_display: FromDisplay) -> Picture:
    with Image.open(path) as opened:
        lens = lens_of(opened)
        picture = ImageOps.exif_transpose(opened)
        if picture.mode.startswith("I") or picture.mode == "F":  # one channel of 16 or 32 bits
            white = 65535 if picture.mode.startswith("I") else 1
            grey = (torch.from_numpy(np.array(picture, np.float32))[None] / white).clamp(0, 1)
            return Picture(from_display(grey).expand(3, -1, -1), torch.ones_like(grey), lens)
        transparent = picture.convert("RGBA").getchannel("A")
        colours = _as_srgb(picture)
    alpha = torch.from_numpy(np.array(transparent))[None] / 255
    shown = torch.from_numpy(np.array(colours)).permute(2, 0, 1) / 255
    return Picture(from_display(shown), alpha, lens)


def _as_srgb(picture: Image.Image) -> Image.Image:
    """In 8 bits of sRGB, through the profile that the file brings along, if any."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture.convert("RGB")
    plain = picture.convert("RGB") if picture.mode in ("P", "RGBA", "LA", "L") else picture
    try:
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(plain, io.BytesIO(profile), srgb, outputMode="RGB")
        return converted or picture.convert("RGB")
    except ImageCms.PyCMSError:  # a profile for another mode, or a damaged one: most viewers show the numbers then
        return picture.convert("RGB")
