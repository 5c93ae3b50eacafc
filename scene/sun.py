"""The sun of a panorama as a part of its node group: a small disc whose strength and size are sliders.

The disc is drawn by the nodes and not by the picture's pixels, because a small panorama's pixel is many times wider
than the sun: shadows and reflections would be as soft as that. Cycles samples the world by a map of it, whose pixels
must not miss the disc; a map of 2048 x 1024 has about seven on it. The pixels of the disc in the picture are capped at
the sky's brightness behind it, so nothing shines twice.
"""

from math import cos, pi, radians, sin
from typing import TYPE_CHECKING

import bpy
from mathutils import Vector

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

STRENGTH, SIZE, DISC = "Sun Strength", "Sun Size", "Sun Disc"  # the inputs of the sky's node
_LEAST_SIZE = radians(0.2)
_MAP_WIDTH = 2048
_PROPERTY = "skyloom_light"  # custom property of the world


def note_light(world: bpy.types.World, light: "FoundLight") -> None:
    """Keep what is known of the light on *world*, where scripts find it, and let Cycles find a small sun."""
    world[_PROPERTY] = light.to_dict()
    if light.size:
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = _MAP_WIDTH


def noted_light(world: bpy.types.World | None) -> dict | None:
    """What :func:`note_light` kept on *world*."""
    return world[_PROPERTY].to_dict() if world and _PROPERTY in world else None


def sun_direction(azimuth: float, elevation: float) -> Vector:
    """Towards the sun, from degrees clockwise from +Y and above the horizon."""
    turn, rise = radians(azimuth), radians(elevation)
    return Vector((sin(turn) * cos(rise), cos(turn) * cos(rise), sin(rise)))


def build_sun_group(light: "FoundLight", height: int) -> bpy.types.NodeTree:
    """A node group that puts the sun of *light* into the colour of a panorama *height* pixels high."""
    tree = bpy.data.node_groups.new("Skyloom Sun", "ShaderNodeTree")
    sockets = {"Color": "Color", "Direction": "Vector", STRENGTH: "Float", SIZE: "Float", DISC: "Float"}
    for name, kind in sockets.items():
        tree.interface.new_socket(name, in_out="INPUT", socket_type=f"NodeSocket{kind}")
    tree.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    nodes, link = tree.nodes, tree.links.new
    given = nodes.new("NodeGroupInput").outputs

    def calculate(operation: str, *values: object, kind: str = "ShaderNodeMath") -> bpy.types.NodeSocket:
        node = nodes.new(kind)
        node.operation = operation
        for value, socket in zip(values, node.inputs, strict=False):
            if isinstance(value, bpy.types.NodeSocket):
                link(value, socket)
            else:
                socket.default_value = value
        return node.outputs["Value" if operation in ("DISTANCE",) or kind == "ShaderNodeMath" else "Vector"]

    def vectors(operation: str, *values: object) -> bpy.types.NodeSocket:
        return calculate(operation, *values, kind="ShaderNodeVectorMath")

    # A chord between unit vectors stays exact where a cosine rounds, and a cap's solid angle is pi times its square.
    towards = vectors("NORMALIZE", given["Direction"])
    chord = vectors("DISTANCE", towards, sun_direction(light.azimuth, light.elevation))
    smear = 1.5 * 2**0.5 * pi / height  # how far the texture's interpolation spreads the disc's pixels
    inside = calculate("LESS_THAN", chord, radians(light.size) / 2 + smear)
    capped = vectors("MINIMUM", given["Color"], light.sky)
    weight = nodes.new("ShaderNodeCombineXYZ")
    for socket in weight.inputs:
        link(inside, socket)
    sky = vectors(
        "ADD",
        given["Color"],
        vectors("MULTIPLY", weight.outputs[0], vectors("SUBTRACT", capped, given["Color"])),
    )

    # A paraboloid as wide in the mean square: its edge fades, so the map's pixels miss next to nothing there.
    half = calculate("MULTIPLY", calculate("SINE", calculate("MULTIPLY", given[SIZE], 0.25)), 2.0 * 1.5**0.5)
    area = calculate("MULTIPLY", calculate("MULTIPLY", half, half), pi / 2)
    share = calculate("DIVIDE", chord, half)
    shape = calculate("MAXIMUM", calculate("SUBTRACT", 1.0, calculate("MULTIPLY", share, share)), 0.0)
    shown = calculate("MULTIPLY", shape, given[DISC])
    level = calculate("DIVIDE", calculate("MULTIPLY", shown, given[STRENGTH]), area)
    scale = nodes.new("ShaderNodeCombineXYZ")
    for socket, channel in zip(scale.inputs, light.irradiance, strict=True):
        link(calculate("MULTIPLY", level, channel), socket)
    link(vectors("ADD", sky, scale.outputs[0]), nodes.new("NodeGroupOutput").inputs["Color"])
    return tree


def add_sun_inputs(tree: bpy.types.NodeTree, size: float) -> None:
    """Give the sky's group *tree* the sliders of its sun; *size* in degrees."""

    def number(name: str, default: float, low: float, high: float, description: str, subtype: str) -> None:
        socket = tree.interface.new_socket(
            name, description=description, in_out="INPUT", socket_type="NodeSocketFloat", parent=panel
        )
        socket.subtype = subtype
        socket.default_value, socket.min_value, socket.max_value = default, low, high

    panel = tree.interface.new_panel("Sun", description="The sun's own light, apart from the sky's")
    number(STRENGTH, 1, 0, 1e4, "How strong the sun is beside what it is in nature", "NONE")
    number(SIZE, radians(size), _LEAST_SIZE, pi / 2, "Across; a larger sun has softer shadows, not more light", "ANGLE")
    number(DISC, 1, 0, 1, "Whether the world lights as the sun; 0 while a sun lamp does", "FACTOR")
