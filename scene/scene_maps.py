"""What stands around a point of the scene, as a panorama: how far it is, where its edges are, which way it faces, where
the sky is seen."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from ..engine.errors import GenerationFailed
from .backdrop import is_backdrop
from .pixels import pixels_of

Tell = Callable[[bpy.types.NodeTree, bpy.types.Node], None]  # joins what a material shall say to its emission
_BEND = math.cos(math.radians(30))  # between the normals of neighbours, for an edge
_JUMP = 1.15  # how much farther the neighbour has to be for an edge


@dataclass(frozen=True)
class SceneMap:
    """distance: metres from the point, ``[height, width]`` from the bottom row up, infinite where there is sky."""

    distance: np.ndarray

    @property
    def sky(self) -> np.ndarray:
        """Where nothing stands, boolean."""
        return np.isinf(self.distance)

    @property
    def depth(self) -> np.ndarray:
        """In [0, 1], as ControlNets read depth: 1 is the nearest, 0 infinitely far, inverse to the distance."""
        return 0 * self.distance if self.sky.all() else self.distance.min() / self.distance

    @property
    def lines(self) -> np.ndarray:
        """1 where something ends before the sky or something farther, else 0.

        A floor that goes on does not end: towards the horizon the inverse of its distance falls by like steps.
        """
        near = 1 / self.distance  # 0 is the sky
        upright = np.pad(near, ((1, 1), (0, 0)), mode="edge")
        left, right, up, down = np.roll(near, 1, 1), np.roll(near, -1, 1), upright[2:], upright[:-2]  # across the seam
        ends = [
            (near > _JUMP * other) & ((other == 0) | (near - other > 2 * (opposite - near)))
            for other, opposite in ((left, right), (right, left), (up, down), (down, up))
        ]
        return np.any(ends, axis=0).astype(np.float32)

    def creases(self, normals: np.ndarray) -> np.ndarray:
        """1 where things meet or bend, as *normals* of :func:`render_normals` tell, else 0."""
        faced, ground = normals * 2 - 1, ~self.sky
        above, above_ground = (np.concatenate([values[1:], values[-1:]]) for values in (faced, ground))
        beside = ((np.roll(faced, -1, 1), np.roll(ground, -1, 1)), (above, above_ground))  # across the seam
        bends = [ground & there & ((faced * other).sum(-1) < _BEND) for other, there in beside]
        return np.any(bends, axis=0).astype(np.float32)


def render_map(scene: bpy.types.Scene, eye: Vector, width: int) -> SceneMap:
    """Look around from *eye* with Cycles, one sample a pixel. What a render would not show is not there either.

    Raises :class:`GenerationFailed` if Blender cannot render.
    """
    pixels = _look_around(scene, eye, width, _tell_distance)
    return SceneMap(np.where(pixels[..., 3] > 0.5, pixels[..., 0], np.inf))


def render_normals(scene: bpy.types.Scene, eye: Vector, width: int) -> np.ndarray:
    """As :func:`render_map`: which way things face, as colours in [0, 1], ``[height, width, 3]`` bottom row first.

    Blue is towards the viewer, red to the left, green up, as ControlNet 1.1's normals have it (its README, "ControlNet
    1.1 Normal", and with it ScanNet's). The viewer stands upright and is turned to each column, as whoever looks at one
    window of the panorama is to its middle. The sky faces the viewer.
    """
    pixels = _look_around(scene, eye, width, _tell_normal)
    normal = pixels[..., :3] * 2 - 1  # x, y, z of the world
    turn = ((np.arange(pixels.shape[1]) + 0.5) / pixels.shape[1] * 2 - 0.5) * np.pi  # azimuth of the left edge is -90
    ahead, right = (np.sin(turn), np.cos(turn)), (np.cos(turn), -np.sin(turn))
    towards, aside = (normal[..., 0] * x + normal[..., 1] * y for x, y in (ahead, right))
    faced = np.stack([-aside, normal[..., 2], -towards], -1)
    return np.where(pixels[..., 3:] > 0.5, faced, (0, 0, 1)) * 0.5 + 0.5


def _look_around(scene: bpy.types.Scene, eye: Vector, width: int, tell: Tell) -> np.ndarray:
    """What a material that *tell* makes says of all that is seen, ``[height, width, 4]``; alpha is 0 in the sky."""
    if not hasattr(scene, "cycles"):
        raise GenerationFailed("Cycles, which looks around, is switched off.", "Switch it on: Preferences > Add-ons.")
    with _stage(scene, eye, width, tell) as stage, tempfile.TemporaryDirectory(prefix="skyloom-") as folder:
        file = Path(folder) / "map.exr"
        stage.render.filepath = str(file)
        try:
            bpy.ops.render.render("EXEC_DEFAULT", write_still=True, scene=stage.name)
            image = bpy.data.images.load(str(file))
        except RuntimeError as error:
            raise GenerationFailed(
                f"The scene around could not be rendered ({str(error).strip()}).", "See that Cycles can render it."
            ) from error
        image.colorspace_settings.name = "Non-Color"
        pixels = pixels_of(image)
        bpy.data.images.remove(image)
    return pixels


@contextmanager
def _stage(scene: bpy.types.Scene, eye: Vector, width: int, tell: Tell) -> Iterator[bpy.types.Scene]:
    """A scene of its own with the things of *scene*, all of one material, and a camera that sees all around. *scene*
    itself is left alone."""
    stage = bpy.data.scenes.new("Skyloom Map")
    camera = bpy.data.objects.new("Skyloom Map", bpy.data.cameras.new("Skyloom Map"))
    material = _material(tell)
    try:
        stage.collection.objects.link(camera)
        for thing in scene.collection.objects:
            stage.collection.objects.link(thing)
        for collection in scene.collection.children:
            stage.collection.children.link(collection)
        layer = stage.view_layers[0]
        layer.material_override = material
        _exclude(layer.layer_collection, bpy.context.view_layer.layer_collection)
        _set_camera(camera, eye)
        stage.camera = camera
        stage.frame_set(scene.frame_current)
        _set_render(stage, width)
        yield stage
    finally:
        data = camera.data
        bpy.data.scenes.remove(stage)
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)
        bpy.data.materials.remove(material)


def _exclude(copy: bpy.types.LayerCollection, original: bpy.types.LayerCollection) -> None:
    """Leave out of *copy* what is left out of *original*, and our own backdrop, which is sky."""
    for child in copy.children:
        own = original.children.get(child.name)
        child.exclude = (own is not None and own.exclude) or any(map(is_backdrop, child.collection.objects))
        if own is not None:
            _exclude(child, own)


def _set_camera(camera: bpy.types.Object, eye: Vector) -> None:
    """All around, as the world's texture lies: +X is in the middle."""
    camera.location, camera.rotation_euler = eye, (math.radians(90), 0, math.radians(-90))
    lens = camera.data
    lens.type, lens.clip_start, lens.clip_end = "PANO", 1e-3, 1e7
    (lens if hasattr(lens, "panorama_type") else lens.cycles).panorama_type = "EQUIRECTANGULAR"


def _set_render(stage: bpy.types.Scene, width: int) -> None:
    render, cycles = stage.render, stage.cycles
    render.engine, render.film_transparent = "CYCLES", True
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, width // 2, 100
    render.use_compositing = render.use_sequencer = False
    render.image_settings.file_format, render.image_settings.color_mode = "OPEN_EXR", "RGBA"
    render.image_settings.color_depth = "32"
    cycles.samples, cycles.use_adaptive_sampling, cycles.use_denoising = 1, False, False
    cycles.pixel_filter_type, cycles.filter_width = "BOX", 0.01  # a mean of two distances is nowhere


def _material(tell: Tell) -> bpy.types.Material:
    """One that shines as *tell* joins it."""
    material = bpy.data.materials.new("Skyloom Map")
    if bpy.app.version < (5, 0, 0):  # from 5.0 on a material always has nodes
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    emission, output = (tree.nodes.new(kind) for kind in ("ShaderNodeEmission", "ShaderNodeOutputMaterial"))
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    emission.inputs["Color"].default_value = (1, 1, 1, 1)
    tell(tree, emission)
    return material


def _tell_distance(tree: bpy.types.NodeTree, emission: bpy.types.Node) -> None:
    camera = tree.nodes.new("ShaderNodeCameraData")
    tree.links.new(camera.outputs["View Distance"], emission.inputs["Strength"])


def _tell_normal(tree: bpy.types.NodeTree, emission: bpy.types.Node) -> None:
    """From [-1, 1] to [0, 1], because light cannot be negative."""
    geometry, halved = tree.nodes.new("ShaderNodeNewGeometry"), tree.nodes.new("ShaderNodeVectorMath")
    halved.operation = "MULTIPLY_ADD"
    halved.inputs[1].default_value = halved.inputs[2].default_value = (0.5, 0.5, 0.5)
    tree.links.new(geometry.outputs["Normal"], halved.inputs[0])
    tree.links.new(halved.outputs["Vector"], emission.inputs["Color"])
