"""A panorama as a smaller picture to look at. Without PyTorch where it is one already: to import that takes longer."""

from pathlib import Path

from PIL import Image

from ..errors import BadRequest
from .files import whole_file


def write_shown(file: Path, width: int, out: Path) -> None:
    """Write the panorama *file*, an EXR (tonemapped) or a PNG, to the PNG *out*, at most *width* pixels across.

    Raises :class:`BadRequest` if it is no panorama, :class:`GenerationFailed` if *out* cannot be written.
    """
    if width < 2 or width % 2:
        raise BadRequest(f"The width is {width}.", "It must be even, and at least 2.")
    if file.suffix.lower() == ".exr":
        _shrink_exr(file, width, out)
        return
    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise BadRequest(f"The picture {file} cannot be read ({error}).", "Name an EXR or a PNG.") from error
    if picture.width != 2 * picture.height:
        raise BadRequest(f"{file} is {picture.width} x {picture.height}, not twice as wide as high.")
    if picture.width > width:
        picture = picture.resize((width, width // 2), Image.Resampling.BOX)
    with whole_file(out) as partial:
        picture.save(partial)


def _shrink_exr(file: Path, width: int, out: Path) -> None:
    from ..light.photometry import check_panorama
    from ..sphere.enlarging import resized
    from .pictures import read_radiance, save_png

    radiance = read_radiance(file)
    check_panorama(radiance)
    save_png(out, resized(radiance, min(width, radiance.shape[2])), {})
