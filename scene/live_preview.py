"""A generation in progress, shown as the world: a small picture that changes, and the scene's own world kept aside."""

import base64

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..engine.protocol import Preview
from .world import picture_world

NAME = "Skyloom Preview"
_MARK = "skyloom_preview"  # custom property of the world that is only lent
_KEPT = "skyloom_kept"  # custom property of that world: the scene's own, if it had one
_SHOWN_BY = "skyloom_shown_by"  # custom property of an image: that world
# Cycles looks only once at what is in an image, and knows images by their place in memory: so each picture is another
# image, and some earlier ones stay for a while, so that the new one is not where Cycles last looked.
_IMAGES = 4


def radiance_of(preview: Preview) -> np.ndarray:
    """The picture in *preview*: float32, [height, width, 3], from the top row down, scene-linear."""
    values = np.frombuffer(base64.b64decode(preview.pixels), "<f2").astype(np.float32)
    return values.reshape(preview.height, preview.width, 3)


def show(scene: bpy.types.Scene, radiance: np.ndarray) -> None:
    """Let *scene*'s world show *radiance* (as :func:`radiance_of` gives it) for now."""
    image = _image_of(radiance)
    lent = scene.world
    if is_lent(lent):
        node = next(node for node in lent.node_tree.nodes if node.type == "TEX_ENVIRONMENT")
        node.image.name = f"{NAME}, earlier"
        node.image, image.name = image, NAME
    else:
        lent = picture_world(NAME, image)
        lent[_MARK] = True
        if scene.world:
            scene.world.use_fake_user = True
            lent[_KEPT] = scene.world
        scene.world = lent
    image[_SHOWN_BY] = lent
    for old in _images_of(lent)[:-_IMAGES]:
        bpy.data.images.remove(old)


def _image_of(radiance: np.ndarray) -> bpy.types.Image:
    height, width = radiance.shape[:2]
    image = bpy.data.images.new(NAME, width, height, float_buffer=True)
    image.colorspace_settings.name = "Linear Rec.709"
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = radiance[::-1]
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    return image


def _images_of(lent: bpy.types.World) -> list[bpy.types.Image]:
    """The oldest first."""
    images = [image for image in bpy.data.images if image.get(_SHOWN_BY) == lent]
    return sorted(images, key=lambda image: image.session_uid)


def end(scene: bpy.types.Scene) -> None:
    """Give *scene* its own world back."""
    lent = scene.world
    if not is_lent(lent):
        return
    images = _images_of(lent)
    scene.world = lent.get(_KEPT)
    bpy.data.worlds.remove(lent)
    for image in images:
        bpy.data.images.remove(image)


def is_lent(world: bpy.types.World | None) -> bool:
    """Whether *world* is a preview's, which goes away again."""
    return world is not None and _MARK in world


@persistent
def end_all(*_arguments: object) -> None:
    """Give every scene its own world back, so that nothing lent gets into a file or comes back from an undo step."""
    for scene in bpy.data.scenes:
        end(scene)


HANDLERS = (bpy.app.handlers.save_pre, bpy.app.handlers.undo_post, bpy.app.handlers.redo_post)


def register() -> None:
    for handlers in HANDLERS:
        handlers.append(end_all)


def unregister() -> None:
    for handlers in HANDLERS:
        handlers.remove(end_all)
    end_all()
