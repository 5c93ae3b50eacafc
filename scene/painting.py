"""What of a panorama shall be painted anew: painted over in an image of its own, or told by direction.

The artist sees the sky and paints over it, in any colour, with Blender's own brushes; what differs from the sky is the
mask. So there is no black picture to paint blindly in, and erasing is filling with the sky again. The painting of a
large sky is smaller than it: Blender reads all pixels of an image at once, and does nothing else meanwhile.
"""

import struct
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import bpy
import numpy as np

from ..engine.errors import BadRequest
from .images import path_of, size_of
from .pixels import PNG_MAGIC, levels, room_for

_OF = "skyloom_edit_of"  # custom property of the painted image: the sky's image
_CLEAN = "skyloom_edit_clean"  # another: the file that it began as, which the sky's own need not stay
COLOUR = (1.0, 0.1, 0.6)  # of the brush: one that no sky has
_LEAST = 2  # of a change, in the 255 steps that the image has
_WIDEST = 2048  # pixels: edges of what is made anew are softer than the pixels of that

Mask = np.ndarray  # what is to be made anew, boolean [height, width] from the bottom row up
ToMask = Callable[[], Mask]  # makes it without bpy, in a thread; may raise BadRequest
Shrink = Callable[[Path, int], bytes]  # makes a PNG, at most so wide, of a picture file, in a thread


def painted_image(sky: bpy.types.Image) -> bpy.types.Image | None:
    """The image in which *sky* is painted over, if there is one."""
    return next((image for image in bpy.data.images if image.get(_OF) == sky), None)


def new_painting(sky: bpy.types.Image, shrink: Shrink) -> Generator[Callable[[], bytes], bytes, bpy.types.Image]:
    """An image that looks like *sky*, to be painted over: the picture beside its file, which Blender loads when it
    shows it. Where that is missing or large, *shrink* makes another, in the thread that does what is yielded.

    Raises :class:`BadRequest` if the sky's file is gone, or after that the sky.
    """
    known, picture = sky.session_uid, _picture_beside(sky)
    if picture and size_of(sky)[0] <= _WIDEST:
        file = picture.read_bytes()
    else:
        file = yield partial(shrink, picture or file_of(sky), _WIDEST)
        sky = _image(known)
    image = _image_in(file, f"Edit {sky.name}")
    image[_OF], image[_CLEAN] = sky, file
    image.use_fake_user = True  # so that Blender saves it with the file
    return image


def painted_mask(sky: bpy.types.Image) -> Generator[Callable[[], np.ndarray] | None, np.ndarray, ToMask]:
    """Where the painting of *sky* differs from what it began as; what is yielded is for a thread.

    Raises :class:`BadRequest` if there is no painting, and its result does if nothing is painted.
    """
    painting = painted_image(sky)
    if painting is None:
        raise BadRequest("There is no painting of this sky.", "Click Paint Area first.")
    known, clean = painting.session_uid, painting.get(_CLEAN, b"")
    size = _png_size(clean)
    if size is None or tuple(painting.size) != size:
        raise BadRequest(
            "The painting was made larger or smaller, or begun in an older Skyloom.",
            "Discard the painting and paint anew.",
        )
    pixels = yield partial(room_for, size)
    _image(known).pixels.foreach_get(pixels.ravel())
    painted = yield partial(levels, pixels)
    image = _image_in(clean, "Skyloom")
    image.pixels.foreach_get(pixels.ravel())
    bpy.data.images.remove(image)
    return partial(_differing, painted, pixels)


def _differing(painted: np.ndarray, clean: np.ndarray) -> Mask:
    theirs = levels(clean)
    mask = (np.maximum(painted, theirs) - np.minimum(painted, theirs) >= _LEAST).any(-1)
    if not mask.any():
        raise BadRequest("Nothing is painted yet.", "Paint over what shall change, in any colour.")
    return mask


def _image(uid: int) -> bpy.types.Image:
    """The image of that session UID, which undo leaves as it is. Raises :class:`BadRequest` if it is gone."""
    for image in bpy.data.images:
        if image.session_uid == uid:
            return image
    raise BadRequest("The sky or its painting is gone.")


def _picture_beside(sky: bpy.types.Image) -> Path | None:
    """The PNG that looks like *sky* and was written with it; None if there is none of its size."""
    path = path_of(sky).with_suffix(".png")
    try:
        with path.open("rb") as file:
            return path if _png_size(file.read(24)) == size_of(sky) else None
    except OSError:
        return None


def _png_size(file: bytes) -> tuple[int, ...] | None:
    """Width and height of the PNG that begins with *file*; None if it is none."""
    return struct.unpack(">II", file[16:24]) if file.startswith(PNG_MAGIC) and len(file) >= 24 else None


def _image_in(file: bytes, name: str) -> bpy.types.Image:
    """A datablock with *file* inside, which Blender has not loaded yet."""
    image = bpy.data.images.new(name, 1, 1)
    image.source = "FILE"
    image.pack(data=file, data_len=len(file))
    return image


def without_sun(to_mask: ToMask, azimuth: float, elevation: float, radius: float) -> Mask:
    """What *to_mask* makes, but for the directions within *radius* degrees of a sun.

    Raises :class:`BadRequest` if nothing is left.
    """
    mask = to_mask()
    left = mask & ~_disc(mask.shape[::-1], azimuth, elevation, radius)
    if not left.any():
        raise BadRequest("Nothing but the sun is painted over.", "Remove Sun takes it out.")
    return left


def ground_mask(size: tuple[int, int]) -> Mask:
    """All below the horizon."""
    return np.broadcast_to(_directions(size)[2] < 0, size[::-1])


def file_of(sky: bpy.types.Image) -> Path:
    """The EXR of *sky*. Raises :class:`BadRequest` if it is gone."""
    path = path_of(sky)
    if not path.is_file():
        raise BadRequest(f"The sky's file {path} is gone.", "Bring it back, or generate the sky again.")
    return path


def _disc(size: tuple[int, int], azimuth: float, elevation: float, radius: float) -> Mask:
    """The directions within *radius* degrees of a place."""
    x, y, z = _directions(size)
    turn, rise = np.radians(azimuth), np.radians(elevation)
    cosine = (x * np.sin(turn) + y * np.cos(turn)) * np.cos(rise) + z * np.sin(rise)
    return cosine > np.cos(np.radians(radius))


def _directions(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """East, north and up parts of the unit vectors through the pixels of a panorama, from the bottom row up; the last
    is alike in all columns and has only one."""
    width, height = size
    rise = ((np.arange(height)[:, None] + 0.5) / height - 0.5) * np.pi
    turn = ((np.arange(width) + 0.5) / width * 2 - 0.5) * np.pi  # azimuth of the left edge is -90 degrees
    level = np.cos(rise)
    return level * np.sin(turn), level * np.cos(turn), np.sin(rise)
