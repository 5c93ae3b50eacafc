"""Panoramas as image datablocks."""

import os
from pathlib import Path

import bpy

WRITTEN = "skyloom_written"  # custom property: when the file was written that the datablock shows
_SIZE = "skyloom_size"  # custom property: width and height of the picture in that file


def load_panorama(path: Path, size: tuple[int, int] | None = None) -> bpy.types.Image:
    """The image datablock for the EXR at *path*, of *size* (width and height in pixels) if that is known.

    Then Blender need not look, for which it loads all pixels and does nothing else meanwhile: of 8192 x 4096 for more
    than a second. It loads them when it shows them.

    A datablock that shows this very file is used again, also if the file is gone and the datablock has it packed. One
    that shows an earlier file of the same name is left alone, because an older world may use it. Raises OSError or
    RuntimeError if the file is missing or no picture.
    """
    shown = images_of(path)
    if not path.exists() and (packed := [image for image in shown if image.packed_file]):
        return packed[-1]
    written = path.stat().st_mtime_ns
    if same := [image for image in shown if image[WRITTEN] == str(written)]:
        return same[0]
    image = bpy.data.images.load(_stored_path(path))
    image.colorspace_settings.name = "Linear Rec.709"  # before it is looked at: Blender would load it a second time
    if size:
        image[_SIZE] = size
    if size_of(image)[0] == 0:
        bpy.data.images.remove(image)
        raise RuntimeError(f"{path} is not a picture that Blender can read")
    image[WRITTEN] = str(written)
    return image


def size_of(image: bpy.types.Image) -> tuple[int, int]:
    """Width and height in pixels as *image* was loaded, 0 if it is no picture."""
    return tuple(image.get(_SIZE) or image.size)


def path_of(image: bpy.types.Image) -> Path:
    """The file that *image* shows, absolute, also for an image of a linked library."""
    # Blender keeps the dots of "//../skies/x.exr", with which it would be another file than x.exr by its own name.
    return Path(os.path.abspath(bpy.path.abspath(image.filepath, library=image.library)))


def images_of(path: Path) -> list[bpy.types.Image]:
    """The datablocks that show the file at *path*, or showed an earlier one of that name."""
    return [image for image in bpy.data.images if WRITTEN in image and path_of(image) == path]


def _stored_path(path: Path) -> str:
    """Relative to a saved .blend, if the user's preferences say so and the drive is the same."""
    if not (bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths):
        return str(path)
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive on Windows
        return str(path)
