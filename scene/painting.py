"""What of a panorama shall be painted anew: painted over in an image of its own, or told by direction.

The artist sees the sky and paints over it, in any colour, with Blender's own brushes; what differs from the sky is the
mask. So there is no black picture to paint blindly in, and erasing is filling with the sky again.
"""

from functools import cache
from pathlib import Path

import bpy
import numpy as np

from ..engine.errors import BadRequest
from .images import path_of
from .pixels import free_path, pixels_of, save_png, tonemapped
from .sun import sun_direction

_OF = "skyloom_edit_of"  # custom property of the painted image: the sky's image
COLOUR = (1.0, 0.1, 0.6)  # of the brush: one that no sky has
_LEAST = 2  # of a change, in the 255 steps that the image has
_BRIGHTEST = 65504.0  # of half floats


def painted_image(sky: bpy.types.Image) -> bpy.types.Image | None:
    """The image in which *sky* is painted over, if there is one."""
    return next((image for image in bpy.data.images if image.get(_OF) == sky), None)


def new_painting(sky: bpy.types.Image) -> bpy.types.Image:
    """An image that looks like *sky*, to be painted over."""
    width, height = sky.size
    image = bpy.data.images.new(f"Edit {sky.name}", width, height)
    image[_OF] = sky
    shown = np.ones((height, width, 4), np.float32)
    np.divide(_as_shown(sky), 255, out=shown[..., :3], dtype=np.float32)
    image.pixels.foreach_set(shown.ravel())
    image.update()
    image.pack()
    image.use_fake_user = True  # both, so that Blender saves it with the file
    return image


def painted_mask(sky: bpy.types.Image) -> np.ndarray:
    """Where the painting of *sky* differs from it, boolean ``[height, width]`` from the bottom row up.

    Raises :class:`BadRequest` if there is no painting, or if nothing is painted.
    """
    image = painted_image(sky)
    if image is None:
        raise BadRequest("There is no painting of this sky.", "Click Paint Area first.")
    if tuple(image.size) != tuple(sky.size):
        raise BadRequest(
            f"The painting is {image.size[0]} x {image.size[1]}, the sky {sky.size[0]} x {sky.size[1]}.",
            "Discard the painting and paint anew.",
        )
    painted = (pixels_of(image)[..., :3] * 255 + 0.5).astype(np.int16)
    mask = (abs(painted - _as_shown(sky)) >= _LEAST).any(-1)
    if not mask.any():
        raise BadRequest("Nothing is painted yet.", "Paint over what shall change, in any colour.")
    return mask


def sun_mask(size: tuple[int, int], azimuth: float, elevation: float, radius: float) -> np.ndarray:
    """The directions within *radius* degrees of a sun, and below the horizon of its mirror image, where water and sand
    glitter; boolean ``[height, width]`` from the bottom row up."""
    x, y, z = _directions(size)
    towards = sun_direction(azimuth, elevation)
    level = x * towards.x + y * towards.y
    near = np.cos(np.radians(radius))
    return (level + z * towards.z > near) | ((level - z * towards.z > near) & (z < 0))


def ground_mask(size: tuple[int, int]) -> np.ndarray:
    """All below the horizon, boolean ``[height, width]`` from the bottom row up."""
    return np.broadcast_to(_directions(size)[2] < 0, size[::-1])


def write_mask(mask: np.ndarray, folder: Path, stem: str) -> Path:
    """Write *mask* as a PNG into *folder*, under a name that is free; whole or not at all. Raises OSError."""
    path = free_path(folder, f"{stem}-mask")
    pixels = np.ones((*mask.shape, 4), np.float32)
    pixels[..., :3] = mask[..., None]
    save_png(pixels, path)
    return path


def file_of(sky: bpy.types.Image) -> Path:
    """The EXR of *sky*. Raises :class:`BadRequest` if it is gone."""
    path = path_of(sky)
    if not path.is_file():
        raise BadRequest(f"The sky's file {path} is gone.", "Bring it back, or generate the sky again.")
    return path


def _as_shown(sky: bpy.types.Image) -> np.ndarray:
    """*sky* as a display shows it, uint8 ``[height, width, 3]`` from the bottom row up."""
    with np.errstate(over="ignore"):  # what half floats do not reach is white as well
        halves = pixels_of(sky)[..., :3].astype(np.float16)
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
