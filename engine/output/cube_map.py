"""A panorama's EXR as the files of a cube map."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import BadRequest, UnwritableOutput
from ..light.photometry import check_panorama
from ..sphere.cube import FACES, strip, to_cube
from ..sphere.resampling import reader
from .pictures import read_radiance, save_exr, save_png

_SIZES = (8, 16384)  # pixels of a face


def write_cube(file: Path, folder: Path, size: int | None, as_strip: bool, suffix: str) -> Iterator[Path]:
    """Write the EXR *file* as six faces, ``sky_px`` to ``sky_nz``, or as one strip, ``sky_cube``, into *folder*.

    size: pixels of a face; None: a quarter of the panorama's width, at which nothing is lost in the middle of a face.
    suffix: ``.exr``, scene-linear, or ``.png``, tonemapped. Yields the files.
    Raises :class:`BadRequest` if that cannot be made of *file*, :class:`GenerationFailed` if it cannot be written.
    """
    radiance = read_radiance(file)
    check_panorama(radiance)
    height = radiance.shape[1]
    size = size or max(_SIZES[0], height // 2)
    if not _SIZES[0] <= size <= _SIZES[1]:
        raise BadRequest(f"The size of a face is {size}.", f"It must be between {_SIZES[0]} and {_SIZES[1]}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(
            f"The output folder {folder} cannot be made ({error.strerror}).", "Choose another folder."
        ) from error
    faces = to_cube(reader(radiance), height, size)
    named = {"cube": strip(faces)} if as_strip else dict(zip(FACES, faces, strict=True))
    save = save_png if suffix == ".png" else save_exr
    for name, picture in named.items():
        path = folder / f"{file.stem}_{name}{suffix}"
        save(path, picture, {})
        yield path
