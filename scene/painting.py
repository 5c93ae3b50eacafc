"""What of a panorama shall be painted anew: painted over in an image of its own, or told by direction.

The artist sees the sky and paints over it, in any colour, with Blender's own brushes; what differs from the sky is the
mask. So there is no black picture to paint blindly in, and erasing is filling with the sky again.
"""

import struct
from collections.abc import Callable, Generator
from functools import cache, partial
from pathlib import Path

import bpy
import numpy as np

from ..engine.errors import BadRequest
from .images import path_of, size_of
from .pixels import PNG_MAGIC, levels, pixels_of, png, room_for, tonemapped
from .sun import sun_direction

_OF = "skyloom_edit_of"  # custom property of the painted image: the sky's image
COLOUR = (1.0, 0.1, 0.6)  # of the brush: one that no sky has
_LEAST = 2  # of a change, in the 255 steps that the image has
_BRIGHTEST = 65504.0  # of half floats

Mask = np.ndarray  # what is to be made anew, boolean [height, width] from the bottom row up
ToMask = Callable[[], Mask]  # makes it without bpy, in a thread; may raise BadRequest


def painted_image(sky: bpy.types.Image) -> bpy.types.Image | None:
    """The image in which *sky* is painted over, if there is one."""
    return next((image for image in bpy.data.images if image.get(_OF) == sky), None)


def new_painting(sky: bpy.types.Image) -> Generator[Callable[[], bytes], bytes, bpy.types.Image]:
    """An image that looks like *sky*, to be painted over: the picture beside its file, which Blender loads when it
    shows it. Where that is missing it is made, by the thread that does what is yielded.

    Raises :class:`BadRequest` if the sky is gone after that.
    """
    known, file = sky.session_uid, _picture_beside(sky)
    if file is None:
        pixels = pixels_of(sky)
        file = yield lambda: png(_as_shown(pixels))
        sky = _image(known)
    image = _image_in(file, f"Edit {sky.name}")
    image[_OF] = sky
    image.use_fake_user = True  # so that Blender saves it with the file
    return image


def painted_mask(sky: bpy.types.Image) -> Generator[Callable[[], np.ndarray] | None, np.ndarray, ToMask]:
    """Where the painting of *sky* differs from it; what is yielded is for a thread.

    Raises :class:`BadRequest` if there is no painting, and its result does if nothing is painted.
    """
    painting = painted_image(sky)
    if painting is None:
        raise BadRequest("There is no painting of this sky.", "Click Paint Area first.")
    sky_id, painting_id, size, file = sky.session_uid, painting.session_uid, size_of(sky), _picture_beside(sky)
    if tuple(painting.size) != size:
        raise BadRequest(
            f"The painting is {painting.size[0]} x {painting.size[1]}, the sky {size[0]} x {size[1]}.",
            "Discard the painting and paint anew.",
        )
    pixels = yield partial(room_for, size)
    _image(painting_id).pixels.foreach_get(pixels.ravel())
    painted = yield partial(levels, pixels)
    if file is None:
        _image(sky_id).pixels.foreach_get(pixels.ravel())
        return partial(_differing, painted, partial(_as_shown, pixels))
    clean = _image_in(file, "Skyloom")
    clean.pixels.foreach_get(pixels.ravel())
    bpy.data.images.remove(clean)
    return partial(_differing, painted, partial(levels, pixels))


def _differing(painted: np.ndarray, clean: Callable[[], np.ndarray]) -> Mask:
    theirs = clean()
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


def _picture_beside(sky: bpy.types.Image) -> bytes | None:
    """The PNG that looks like *sky* and was written with it; None if there is none of its size."""
    try:
        file = path_of(sky).with_suffix(".png").read_bytes()
    except OSError:
        return None
    is_png = file.startswith(PNG_MAGIC) and len(file) > 24
    return file if is_png and struct.unpack(">II", file[16:24]) == size_of(sky) else None


def _image_in(file: bytes, name: str) -> bpy.types.Image:
    """A datablock with *file* inside, which Blender has not loaded yet."""
    image = bpy.data.images.new(name, 1, 1)
    image.source = "FILE"
    image.pack(data=file, data_len=len(file))
    return image


def sun_mask(size: tuple[int, int], azimuth: float, elevation: float, radius: float) -> Mask:
    """The directions within *radius* degrees of a sun, and below the horizon of its mirror image, where water and sand
    glitter."""
    x, y, z = _directions(size)
    towards = sun_direction(azimuth, elevation)
    level = x * towards.x + y * towards.y
    near = np.cos(np.radians(radius))
    return (level + z * towards.z > near) | ((level - z * towards.z > near) & (z < 0))


def ground_mask(size: tuple[int, int]) -> Mask:
    """All below the horizon."""
    return np.broadcast_to(_directions(size)[2] < 0, size[::-1])


def file_of(sky: bpy.types.Image) -> Path:
    """The EXR of *sky*. Raises :class:`BadRequest` if it is gone."""
    path = path_of(sky)
    if not path.is_file():
        raise BadRequest(f"The sky's file {path} is gone.", "Bring it back, or generate the sky again.")
    return path


def _as_shown(pixels: np.ndarray) -> np.ndarray:
    """A sky's *pixels* as a display shows them, uint8 ``[height, width, 3]``."""
    with np.errstate(over="ignore"):  # what half floats do not reach is white as well
        halves = pixels[..., :3].astype(np.float16)
    return _levels()[halves.view(np.uint16)]


@cache
def _levels() -> np.ndarray:
    """What a display shows of each half float, uint8 by its bits: to look it up takes a tenth of computing it."""
    radiance = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
    return np.rint(tonemapped(np.nan_to_num(radiance).clip(0, _BRIGHTEST)) * 255).astype(np.uint8)


def _directions(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """East, north and up parts of the unit vectors through the pixels of a panorama, from the bottom row up; the last
    is alike in all columns and has only one."""
    width, height = size
    rise = ((np.arange(height)[:, None] + 0.5) / height - 0.5) * np.pi
    turn = ((np.arange(width) + 0.5) / width * 2 - 0.5) * np.pi  # azimuth of the left edge is -90 degrees
    level = np.cos(rise)
    return level * np.sin(turn), level * np.cos(turn), np.sin(rise)
