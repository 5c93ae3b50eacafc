"""A panorama as the world: it surrounds the scene and lights it."""

from typing import TYPE_CHECKING

import bpy

from .nodes import Nodes
from .sky_group import NAME, build_sky_group, is_sky_group, sky_image
from .sun import DISC, note_light
from .sun_group import add_picture

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight


def set_world(scene: bpy.types.Scene, image: bpy.types.Image, light: "FoundLight | None" = None) -> bpy.types.World:
    """Give *scene* a world of its own that shows *image*, lit by *light* if that is known. The old one is kept.

    A world of *image* that no scene uses any more is taken again, as it was left.
    """
    if scene.world:
        scene.world.use_fake_user = True
    if kept := _unused_world(scene, image):
        scene.world = kept
        return kept
    scene.world = new_world(bpy.path.display_name_from_filepath(image.filepath), image, light)
    return scene.world


def new_world(name: str, image: bpy.types.Image, light: "FoundLight | None" = None) -> bpy.types.World:
    """A world that shows *image*, lit by *light* if that is known."""
    world = _empty_world(name)
    _build(world.node_tree, image, light)
    if light:
        note_light(world, light)
    return world


def picture_world(name: str, image: bpy.types.Image) -> bpy.types.World:
    """A world that shows *image* as it is, without sliders: it has few nodes and is made at once."""
    world = _empty_world(name)
    nodes = Nodes(world.node_tree)
    colour = add_picture(nodes, image, nodes.add("ShaderNodeTexCoord").outputs["Generated"])
    nodes.add("ShaderNodeOutputWorld", nodes.add("ShaderNodeBackground", colour).outputs["Background"])
    return world


def _empty_world(name: str) -> bpy.types.World:
    world = bpy.data.worlds.new(name)
    if bpy.app.version < (5, 0, 0):  # from 5.0 on a world always has nodes
        world.use_nodes = True
    world.node_tree.nodes.clear()
    return world


def _unused_world(scene: bpy.types.Scene, image: bpy.types.Image) -> bpy.types.World | None:
    taken = {other.world for other in bpy.data.scenes if other != scene}
    return next((world for world in bpy.data.worlds if world_panorama(world) == image and world not in taken), None)


def sky_node(world: bpy.types.World | None) -> bpy.types.ShaderNodeGroup | None:
    """The node in *world* whose inputs adjust its sky; None if the world is not one of ours."""
    if not (world and world.node_tree):
        return None
    return next((node for node in world.node_tree.nodes if node.type == "GROUP" and is_sky_group(node.node_tree)), None)


def world_panorama(world: bpy.types.World | None) -> bpy.types.Image | None:
    """The panorama that *world* shows; None if the world is not one of ours."""
    node = sky_node(world)
    return sky_image(node.node_tree) if node else None


def adjustments(world: bpy.types.World | None) -> dict[str, float]:
    """How the sliders of *world*'s sky stand; empty if it is not one of ours."""
    node = sky_node(world)
    return {slider.name: slider.default_value for slider in node.inputs if slider.name != DISC} if node else {}


def adjust(world: bpy.types.World, values: dict[str, float]) -> None:
    """Set the sliders of *world*'s sky; those that it lacks are left out."""
    node = sky_node(world)
    for slider in node.inputs if node else ():
        slider.default_value = values.get(slider.name, slider.default_value)


def _build(tree: bpy.types.NodeTree, image: bpy.types.Image, light: "FoundLight | None") -> None:
    sky = tree.nodes.new("ShaderNodeGroup")
    sky.node_tree = build_sky_group(image, light)
    sky.name, sky.width = NAME, 200
    sky.location = (-220, 300)
    output = tree.nodes.new("ShaderNodeOutputWorld")
    output.location = (60, 300)
    tree.links.new(sky.outputs["Background"], output.inputs["Surface"])
