"""The two files of a result: scene-linear EXR with its job in the header, and a tonemapped PNG to look at."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import torch
from PIL import Image, PngImagePlugin
from torch import Tensor

from .. import __version__
from ..errors import BadRequest
from ..light.found import LIGHT_ATTRIBUTE, FoundLight
from ..light.primaries import REC709
from ..light.transfer import tonemap
from .files import whole_file
from .header import JOB_ATTRIBUTE, REQUEST_ATTRIBUTE

VERSION_ATTRIBUTE = "skyloom.version"

_BAND = 256  # rows that are tonemapped at once


def write_exr(path: Path, radiance: Tensor, job: dict[str, Any], request: dict[str, Any], light: FoundLight) -> None:
    """Write *radiance* ``[3, H, W]`` (scene-linear Rec.709) as a 32-bit float EXR, ZIP-compressed.

    Into its header, as JSON: the complete *job*, the *request* that it was made from, and the *light*.

    Raises :class:`GenerationFailed` if the file system refuses.
    """
    attributes = {
        JOB_ATTRIBUTE: json.dumps(job, ensure_ascii=True),
        REQUEST_ATTRIBUTE: json.dumps(request, ensure_ascii=True),
        LIGHT_ATTRIBUTE: json.dumps(light.to_dict()),
    }
    save_exr(path, radiance, attributes)


def save_exr(path: Path, radiance: Tensor, attributes: dict[str, str]) -> None:
    """Write *radiance* ``[3, H, W]`` with *attributes* in the header. Raises :class:`GenerationFailed`."""
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": REC709,
        VERSION_ATTRIBUTE: __version__,
        **attributes,
    }
    channels = dict(zip("RGB", radiance.float().contiguous().cpu().numpy(), strict=True))
    with whole_file(path) as partial:
        _as_os_error(lambda: OpenEXR.File(header, channels).write(str(partial)))


def write_png(path: Path, radiance: Tensor, job: dict[str, Any]) -> None:
    """Write *radiance* ``[3, H, W]`` tonemapped to 8 bits, with the job as text. Raises :class:`GenerationFailed`."""
    save_png(path, radiance, {JOB_ATTRIBUTE: json.dumps(job, ensure_ascii=True)})


def save_png(path: Path, radiance: Tensor, attributes: dict[str, str]) -> None:
    """Write *radiance* ``[3, H, W]`` tonemapped, with *attributes* as text. Raises :class:`GenerationFailed`."""
    levels = np.empty((*radiance.shape[1:], 3), np.uint8)
    for band, rows in zip(radiance.split(_BAND, 1), np.split(levels, range(_BAND, len(levels), _BAND)), strict=True):
        rows[:] = (tonemap(band) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    text = PngImagePlugin.PngInfo()
    for name, value in attributes.items():
        text.add_text(name, value)
    with whole_file(path) as partial:
        Image.fromarray(levels).save(partial, pnginfo=text)


def exr_colours(file: OpenEXR.File) -> np.ndarray:
    """What *file* shows, ``[H, W, 3]`` or, with its alpha, ``[H, W, 4]``; luminance alone three times over.

    Raises KeyError if it shows nothing of these.
    """
    channels = file.channels()
    shown = next((channels[name].pixels for name in ("RGBA", "RGB") if name in channels), None)
    return np.ascontiguousarray(np.stack([channels["Y"].pixels] * 3, -1) if shown is None else shown, np.float32)


def read_radiance(path: Path) -> Tensor:
    """The EXR at *path* as it is, ``[3, H, W]``, without its alpha. Raises :class:`BadRequest` if it is none."""
    if not path.is_file():
        raise BadRequest(f"The picture {path} does not exist.", "Name an EXR file.")
    try:
        pixels = exr_colours(OpenEXR.File(str(path)))[..., :3]
    except (OSError, RuntimeError, KeyError) as error:
        reason = str(error) or type(error).__name__
        raise BadRequest(f"{path} cannot be read as an EXR with colours ({reason}).", "Name an EXR file.") from error
    return torch.from_numpy(pixels).permute(2, 0, 1)


def read_png_job(path: Path) -> dict[str, Any]:
    """The job that made the PNG at *path*. Raises :class:`BadRequest` if there is none."""
    try:
        with Image.open(path) as picture:
            return json.loads(picture.info[JOB_ATTRIBUTE])
    except KeyError as error:
        raise BadRequest(f"{path} has no Skyloom job in it.", "Was it saved again by another program?") from error
    except (OSError, ValueError) as error:
        raise BadRequest(f"{path} cannot be read as a PNG ({error}).", "Name a PNG that Skyloom wrote.") from error


def _as_os_error(write: Callable[[], None]) -> None:
    """OpenEXR reports what the system refuses as a RuntimeError with the system's text; give it its class back."""
    try:
        write()
    except RuntimeError as error:
        raise OSError(errno.ENOSPC if "No space left" in str(error) else errno.EIO, str(error)) from error
