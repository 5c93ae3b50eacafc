"""The two files of a result: scene-linear EXR with its job in the header, and a tonemapped PNG to look at."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from PIL import Image, PngImagePlugin
from torch import Tensor

from .. import __version__
from ..errors import BadRequest
from ..light.transfer import tonemap
from .files import whole_file

JOB_ATTRIBUTE = "skyloom.job"
VERSION_ATTRIBUTE = "skyloom.version"
# ITU-R BT.709 primaries and D65, as x, y of red, green, blue and white.
_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


def write_exr(path: Path, radiance: Tensor, job: dict[str, Any]) -> None:
    """Write *radiance* ``[3, H, W]`` (scene-linear Rec.709) as a 32-bit float EXR, ZIP-compressed.

    Raises :class:`GenerationFailed` if the file system refuses.
    """
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": _REC709,
        JOB_ATTRIBUTE: json.dumps(job, ensure_ascii=True),
        VERSION_ATTRIBUTE: __version__,
    }
    pixels = np.ascontiguousarray(radiance.permute(1, 2, 0).float().cpu().numpy())
    with whole_file(path) as partial:
        _as_os_error(lambda: OpenEXR.File(header, {"RGB": pixels}).write(str(partial)))


def write_png(path: Path, radiance: Tensor, job: dict[str, Any]) -> None:
    """Write *radiance* ``[3, H, W]`` tonemapped to 8 bits, with the job as text. Raises :class:`GenerationFailed`."""
    levels = (tonemap(radiance) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    text = PngImagePlugin.PngInfo()
    text.add_text(JOB_ATTRIBUTE, json.dumps(job, ensure_ascii=True))
    with whole_file(path) as partial:
        Image.fromarray(levels).save(partial, pnginfo=text)


def read_job(path: Path) -> dict[str, Any]:
    """The job that made the EXR at *path*, as it is in the header. Raises :class:`BadRequest` if there is none."""
    if not path.is_file():
        raise BadRequest(f"The file {path} does not exist.", "Name an EXR that Skyloom wrote.")
    try:
        header = OpenEXR.File(str(path), header_only=True).header()
    except Exception as error:  # OpenEXR raises plain RuntimeError and more for what is not an EXR
        raise BadRequest(f"{path} cannot be read as an EXR ({error}).", "Name an EXR that Skyloom wrote.") from error
    if JOB_ATTRIBUTE not in header:
        raise BadRequest(f"{path} has no Skyloom job in its header.", "Was it saved again by another program?")
    return json.loads(header[JOB_ATTRIBUTE])


def _as_os_error(write: Callable[[], None]) -> None:
    """OpenEXR reports what the system refuses as a RuntimeError with the system's text; give it its class back."""
    try:
        write()
    except RuntimeError as error:
        raise OSError(errno.ENOSPC if "No space left" in str(error) else errno.EIO, str(error)) from error
