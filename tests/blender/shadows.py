"""A post on a white floor, and where its shadow lies."""

from math import pi

import bpy
import numpy as np


def build_stick(scene: bpy.types.Scene) -> None:
    """Empty *scene* but for a thin post on a white floor, seen from above: up is +Y."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    white = bpy.data.materials.new("White")
    if bpy.app.version < (5, 0, 0):
        white.use_nodes = True
    shader = next(node for node in white.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (1, 1, 1, 1)
    shader.inputs["Specular IOR Level"].default_value = 0.0
    bpy.ops.mesh.primitive_plane_add(size=20)
    bpy.context.object.data.materials.append(white)
    bpy.ops.mesh.primitive_cylinder_add(radius=0.12, depth=3, location=(0, 0, 1.5))
    bpy.ops.object.camera_add(location=(0, 0, 10))
    camera = bpy.context.object
    camera.data.type, camera.data.ortho_scale = "ORTHO", 6
    scene.camera = camera
    scene.view_settings.view_transform = "Standard"


def render_floor(scene: bpy.types.Scene, path) -> np.ndarray:
    """Luminance of the floor from above, 48 x 48, first row at -Y, with the render engine that is set."""
    scene.render.resolution_x = scene.render.resolution_y = 48
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(48 * 48 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(48, 48, 4)[..., :3] @ np.array([0.2126, 0.7152, 0.0722])


def around(seen: np.ndarray) -> np.ndarray:
    """Mean luminance of 24 sectors between 0.6 and 1.8 m from the post, counter-clockwise from +X."""
    y, x = (np.mgrid[0:48, 0:48] - 23.5) * 6 / 48
    ring = (np.hypot(x, y) > 0.6) & (np.hypot(x, y) < 1.8)
    sector = ((np.arctan2(y, x) / (2 * pi) * 24 + 0.5).astype(int)) % 24
    return np.array([seen[ring & (sector == number)].mean() for number in range(24)])


def level(seen: np.ndarray) -> float:
    """Luminance of the floor beside the shadow."""
    return float(np.median(around(seen)))


def hardness(seen: np.ndarray) -> float:
    """Which share of the light is gone in the darkest place of the shadow, 2 to 2.6 m from the post."""
    y, x = (np.mgrid[0:48, 0:48] - 23.5) * 6 / 48
    ring = seen[(np.hypot(x, y) > 2.0) & (np.hypot(x, y) < 2.6)]
    return float(1 - np.sort(ring)[:4].mean() / np.median(ring))


def shadow_angle(seen: np.ndarray) -> float:
    """Degrees counter-clockwise from +X where the shadow lies."""
    sectors = around(seen)
    weight = (np.median(sectors) - sectors).clip(min=0) ** 2
    angles = np.arange(24) / 24 * 2 * pi
    return float(np.degrees(np.arctan2((weight * np.sin(angles)).sum(), (weight * np.cos(angles)).sum())))


def apart(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)
