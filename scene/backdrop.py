"""A panorama as a backdrop: seen on a large object around the scene, without lighting it or shading it."""

from math import radians
from typing import TYPE_CHECKING, Literal

import bmesh
import bpy
from mathutils import Vector

from .nodes import Nodes
from .sun import DISC, GLOW, SIZE, STRENGTH
from .sun_group import LIFT, add_picture, add_picture_with_sun, build_sun_group

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

Shape = Literal["DOME", "CYLINDER"]

COLLECTION = "Skyloom Backdrop"
LEAST_RADIUS = 100.0  # metres; the parallax of a camera that moves a little stays small
_MARK = "skyloom_backdrop"  # custom property: tells our object from what the artist puts beside it


def set_backdrop(
    scene: bpy.types.Scene, image: bpy.types.Image, shape: Shape, light: "FoundLight | None" = None
) -> bpy.types.Object:
    """Show *image* on the scene's backdrop, which is made if there is none; one that was moved stays where it is.

    A sun in *light* is drawn as in a world.
    """
    backdrop = next(filter(is_backdrop, scene.objects), None)
    mesh = _dome() if shape == "DOME" else _cylinder()
    mesh.materials.append(_material(image, light))
    if backdrop:
        backdrop.data = mesh
    else:
        backdrop = bpy.data.objects.new(COLLECTION, mesh)
        backdrop[_MARK] = True
        _place(backdrop, scene)
        _hide_from_light(backdrop)
        collection = bpy.data.collections.new(COLLECTION)
        scene.collection.children.link(collection)
        collection.objects.link(backdrop)
    return backdrop


def is_backdrop(thing: bpy.types.Object) -> bool:
    """Whether *thing* is a backdrop of ours, whatever it is called now."""
    return _MARK in thing


def _place(backdrop: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Around the camera, where the sky is seen exactly as the world would show it, and outside all objects."""
    centre = scene.camera.matrix_world.translation.copy() if scene.camera else Vector()
    corners = (thing.matrix_world @ Vector(corner) for thing in scene.objects for corner in thing.bound_box)
    reach = max(((corner - centre).length for corner in corners), default=0.0)
    backdrop.location = centre
    backdrop.scale = [max(LEAST_RADIUS, 1.5 * reach)] * 3


def _hide_from_light(backdrop: bpy.types.Object) -> None:
    """Cameras, mirrors and glass see the backdrop; light from the world and the sun passes through it."""
    backdrop.visible_diffuse = False
    backdrop.visible_volume_scatter = False
    backdrop.visible_shadow = False
    backdrop.hide_select = True  # a click beside an object would select the sky


def _dome() -> bpy.types.Mesh:
    shape = bmesh.new()
    bmesh.ops.create_uvsphere(shape, u_segments=64, v_segments=32, radius=1.0)
    return _inward_mesh(shape, "Skyloom Dome")


def _cylinder() -> bpy.types.Mesh:
    """As high as it is wide, so that it shows the sky up to 45 degrees above and below the horizon."""
    shape = bmesh.new()
    bmesh.ops.create_cone(shape, cap_ends=False, segments=128, radius1=1.0, radius2=1.0, depth=2.0)
    return _inward_mesh(shape, "Skyloom Cylinder")


def _inward_mesh(shape: bmesh.types.BMesh, name: str) -> bpy.types.Mesh:
    bmesh.ops.reverse_faces(shape, faces=shape.faces)
    for face in shape.faces:
        face.smooth = True
    mesh = bpy.data.meshes.new(name)
    shape.to_mesh(mesh)
    shape.free()
    return mesh


def _material(image: bpy.types.Image, light: "FoundLight | None") -> bpy.types.Material:
    """The picture by direction from the object's centre: the same mapping as a world's, whatever the mesh is."""
    material = bpy.data.materials.new(bpy.path.display_name_from_filepath(image.filepath))
    if bpy.app.version < (5, 0, 0):  # from 5.0 on a material always has nodes
        material.use_nodes = True
    material.use_backface_culling = True
    if hasattr(material, "cycles"):  # an add-on, which may be switched off
        material.cycles.emission_sampling = "NONE"  # it lights nothing, so no ray need be spent on it
    material.node_tree.nodes.clear()
    nodes = Nodes(material.node_tree)
    direction = nodes.add("ShaderNodeTexCoord").outputs["Object"]
    if light and light.reach:
        controls = {STRENGTH: 1.0, SIZE: radians(light.size), GLOW: light.glow, DISC: 1.0, LIFT: 0.0}
        colour = add_picture_with_sun(nodes, image, direction, direction, build_sun_group(light), controls)
    else:
        colour = add_picture(nodes, image, direction)
    emission = nodes.add("ShaderNodeEmission", colour)
    nodes.add("ShaderNodeOutputMaterial", emission.outputs["Emission"])
    return material
