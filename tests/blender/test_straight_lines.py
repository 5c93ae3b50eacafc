"""A straight line through the zenith, as a roof's ridge is, stays straight in what Blender renders looking up."""

from math import pi, radians
from pathlib import Path

import bpy
import numpy as np
import pytest
from rendering import render

HEIGHT, SIZE, ANGLE = 512, 128, 80.0
WIDE = 1.5  # degrees, of the soft line


@pytest.fixture(params=[0, 30, 77, 150])
def line(request, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A panorama with a line along a great circle through the zenith, and the unit normal of its plane."""
    turn = radians(request.param)
    normal = np.array([np.sin(turn), np.cos(turn), 0])
    rise = ((np.arange(HEIGHT) + 0.5) / HEIGHT - 0.5)[:, None] * pi  # from the bottom row up
    turn = ((np.arange(2 * HEIGHT) + 0.5) / HEIGHT - 1)[None] * pi  # to the right of the middle, which is +X
    away = np.degrees(np.arcsin(np.cos(rise) * (np.cos(turn) * normal[0] - np.sin(turn) * normal[1])))
    pixels = np.ones((HEIGHT, 2 * HEIGHT, 4), np.float32)
    pixels[..., :3] = np.exp(-((away / WIDE) ** 2))[..., None]
    image = bpy.data.images.new("line", 2 * HEIGHT, HEIGHT, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(tmp_path / "line.exr"), "OPEN_EXR"
    image.save()
    bpy.data.images.remove(image)
    return tmp_path / "line.exr", normal


def look_up(scene: bpy.types.Scene) -> None:
    """Empty *scene* but for a camera that looks to the zenith, +X on its right and -Y on top."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    lens = bpy.data.cameras.new("Up")
    lens.angle = radians(ANGLE)
    camera = bpy.data.objects.new("Up", lens)
    camera.rotation_euler = (radians(180), 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.context.view_layer.update()


def plain_world(scene: bpy.types.Scene, path: Path) -> None:
    """*path* as anybody would put it into a world."""
    scene.world = bpy.data.worlds.new("Plain")
    scene.world.use_nodes = True
    nodes, links = scene.world.node_tree.nodes, scene.world.node_tree.links
    texture = nodes.new("ShaderNodeTexEnvironment")
    texture.image = bpy.data.images.load(str(path))
    texture.image.colorspace_settings.name = "Non-Color"
    links.new(texture.outputs["Color"], nodes["Background"].inputs["Color"])


def our_world(scene: bpy.types.Scene, path: Path) -> None:
    bpy.ops.skyloom.apply_panorama(filepath=str(path), target="WORLD")


@pytest.mark.parametrize("world", [plain_world, our_world])
def test_a_line_through_the_zenith_stays_straight(scene, line, world, tmp_path):
    path, normal = line
    world(scene, path)
    scene.world.cycles.sampling_method = "NONE"  # only what the camera sees is of interest, and the map takes long
    look_up(scene)
    seen = render(scene, tmp_path / "seen.exr", size=(SIZE, SIZE))[..., 0].astype(np.float64)
    steep = abs(normal[0]) > abs(normal[1])  # in the picture the line goes along (normal[1], normal[0])
    seen = seen if steep else seen.T
    lines = np.flatnonzero(seen.max(1) > 0.5)
    places = np.arange(SIZE) - (SIZE - 1) / 2
    centres = seen[lines] @ places / seen[lines].sum(1)
    slope, middle = np.polyfit(places[lines], centres, 1)
    assert len(lines) > SIZE / 2 and len(lines) == lines[-1] - lines[0] + 1, "the line is broken"
    assert slope == pytest.approx(normal[1] / normal[0] if steep else normal[0] / normal[1], abs=0.005)
    assert abs(middle) < 0.1, "it misses the zenith"
    assert np.abs(centres - slope * places[lines] - middle).max() < 0.1, "it is bent"
