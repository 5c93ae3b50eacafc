"""What a camera that looks all around sees."""

from math import radians

import bpy
import numpy as np


def add_panoramic_camera(scene: bpy.types.Scene) -> None:
    """Empty *scene* but for a camera that is turned so that its picture is the world's texture, pixel for pixel."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    lens = bpy.data.cameras.new("All around")
    lens.type = "PANO"
    (lens if hasattr(lens, "panorama_type") else lens.cycles).panorama_type = "EQUIRECTANGULAR"
    camera = bpy.data.objects.new("All around", lens)
    camera.location = (3, -2, 1.7)
    camera.rotation_euler = (radians(90), 0, radians(-90))
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.context.view_layer.update()


def render(
    scene: bpy.types.Scene, path, samples: int = 1, filter_width: float = 0.01, size: tuple[int, int] = (128, 64)
) -> np.ndarray:
    """What the camera sees, *size* pixels wide and high, linear, from the bottom row up.

    The rays go through the pixels' centres, unless *filter_width* (in pixels) spreads them.
    """
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = samples, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", filter_width
    width, height = size
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(height * width * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[..., :3]


def share_equal(seen: np.ndarray, expected: np.ndarray) -> float:
    return float((np.abs(seen - expected).max(-1) < 0.02).mean())
