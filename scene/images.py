"""Panoramas as image datablocks."""

from pathlib import Path

import bpy

_WRITTEN = "skyloom_written"  # custom property: when the file was written that the datablock shows


def load_panorama(path: Path) -> bpy.types.Image:
    """The image datablock for the EXR at *path*.

    A datablock that shows this very file is used again. One that shows an earlier file of the same name is left alone,
    because an older world may use it. Raises OSError or RuntimeError if the file is missing or no picture.
    """
    written = str(path.stat().st_mtime_ns)
    for image in bpy.data.images:
        if image.get(_WRITTEN) == written and Path(bpy.path.abspath(image.filepath)) == path:
            return image
    image = bpy.data.images.load(_stored_path(path))
    if not image.has_data and image.size[0] == 0:
        bpy.data.images.remove(image)
        raise RuntimeError(f"{path} is not a picture that Blender can read")
    image.colorspace_settings.name = "Linear Rec.709"
    image[_WRITTEN] = written
    return image


def _stored_path(path: Path) -> str:
    """Relative to a saved .blend, if the user's preferences say so and the drive is the same."""
    if not (bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths):
        return str(path)
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive on Windows
        return str(path)
