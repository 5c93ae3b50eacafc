"""The node group "Skyloom Sun": the sun of a panorama, drawn by direction and not by the picture's pixels.

A small panorama's pixel is many times wider than the sun: seen by a camera it is a white square, and shadows and
reflections are as soft as it is wide. So the disc is drawn anew, round at every resolution, with the glow that the air
around it has, and the picture's pixels of it are painted over from the left and the right, so that nothing shines twice
and a horizon goes on straight.
"""

from math import log, pi, radians
from typing import TYPE_CHECKING

import bpy
from mathutils import Vector

from .nodes import Nodes, Socket, Value, add_sockets
from .sun import DISC, GLOW, MAP_WIDTH, SIZE, STRENGTH, sun_direction

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

LIFT = "Lift"  # tangent of the angle by which the horizon is raised
_DIRECTION, _PLACE = "Direction", "Place"
_LEFT, _RIGHT, _SHARE, _LIGHT = "Left", "Right", "Share", "Light"
_GLOW_CORE, _GLOW_REACH = radians(0.35), radians(6.0)
_EDGE = 3 * 2 * pi / MAP_WIDTH  # three pixels of Cycles' map


def build_sun_group(light: "FoundLight") -> bpy.types.NodeTree:
    """A node group for the sun of *light*.

    It takes a direction and the place where the picture is looked up for it, which is another where the horizon was
    raised. It gives two places, left and right, and the share of the right one: what the picture shows there, mixed, is
    the sky without its sun. Outside the sun's surroundings both are the place given. To that comes the sun's own light.
    """
    tree = bpy.data.node_groups.new("Skyloom Sun", "ShaderNodeTree")
    sockets = {_DIRECTION: "Vector", _PLACE: "Vector", STRENGTH: "Float", SIZE: "Float", GLOW: "Float", DISC: "Float"}
    outputs = {_LEFT: "Vector", _RIGHT: "Vector", _SHARE: "Float", _LIGHT: "Color"}
    add_sockets(tree, sockets | {LIFT: "Float"}, outputs)
    nodes = Nodes(tree)
    given = nodes.add("NodeGroupInput").outputs
    sun = sun_direction(light.azimuth, light.elevation)
    place = nodes.vector("NORMALIZE", given[_PLACE])
    around = _around(nodes, place, _chord(nodes, place, tuple(sun)), sun, radians(light.reach))
    up = nodes.scaled((0.0, 0.0, sun.xy.length), given[LIFT])
    raised = nodes.vector("NORMALIZE", nodes.vector("ADD", up, tuple(sun)))
    chord = _chord(nodes, nodes.vector("NORMALIZE", given[_DIRECTION]), raised)
    shape = nodes.number("ADD", _disc(nodes, chord, given), _glow(nodes, chord, given[GLOW]))
    shine = nodes.number("MULTIPLY", nodes.number("MULTIPLY", shape, given[STRENGTH]), given[DISC])
    nodes.feed(tree.nodes.new("NodeGroupOutput"), around | {_LIGHT: nodes.scaled(light.irradiance, shine)})
    return tree


def _chord(nodes: Nodes, one: Value, other: Value) -> Socket:
    """Between unit vectors. It stays exact where a cosine rounds, and a cap's solid angle is pi times its square."""
    return nodes.measure("DISTANCE", one, other)


def add_picture(nodes: Nodes, image: bpy.types.Image, direction: Socket) -> Socket:
    """The colour that the panorama *image* has towards *direction*."""
    kind = "ShaderNodeTexEnvironment"
    return nodes.add(kind, direction, image=image, projection="EQUIRECTANGULAR").outputs["Color"]


def add_picture_with_sun(
    nodes: Nodes,
    image: bpy.types.Image,
    direction: Socket,
    place: Socket,
    sun: bpy.types.NodeTree,
    controls: dict[str, Value],
) -> Socket:
    """The colour at *place* in *image* with the sun of :func:`build_sun_group` drawn anew towards *direction*.

    controls: its inputs STRENGTH, SIZE, GLOW, DISC and LIFT.
    """
    node = nodes.add("ShaderNodeGroup", node_tree=sun)
    given = nodes.feed(node, {_DIRECTION: direction, _PLACE: place, **controls}).outputs
    left, right = (add_picture(nodes, image, given[side]) for side in (_LEFT, _RIGHT))
    return nodes.vector("ADD", nodes.mixed(left, right, given[_SHARE]), given[_LIGHT])


def _around(nodes: Nodes, towards: Socket, chord: Socket, sun: Vector, reach: float) -> dict[str, Socket]:
    """Left and right of *sun* on the circle of radius *reach* (a chord), as high as *towards* is."""
    right = sun.cross(Vector((0, 0, 1)))
    right = tuple(right.normalized()) if right.length > 1e-3 else (1.0, 0.0, 0.0)
    across = nodes.measure("DOT_PRODUCT", towards, right)
    squares = [nodes.number("MULTIPLY", value, value) for value in (across, chord)]
    half = nodes.number("SUBTRACT", nodes.number("ADD", squares[0], reach**2), squares[1])
    half = nodes.number("SQRT", nodes.number("MAXIMUM", half, 0.0))
    inside = nodes.number("LESS_THAN", chord, reach)
    left, right_of_it = (
        nodes.vector(
            "ADD",
            towards,
            nodes.scaled(
                right,
                nodes.number(
                    "MULTIPLY", inside, nodes.number("SUBTRACT", nodes.number("MULTIPLY", half, side), across)
                ),
            ),
        )
        for side in (-1.0, 1.0)
    )
    share = nodes.number("DIVIDE", nodes.number("ADD", across, half), nodes.number("MULTIPLY", half, 2.0))
    return {_LEFT: left, _RIGHT: right_of_it, _SHARE: nodes.number("MULTIPLY", share, inside)}


def _disc(nodes: Nodes, chord: Socket, given: bpy.types.bpy_prop_collection) -> Socket:
    """Radiance of the disc for an irradiance of 1, less what the glow takes.

    The edge falls as (1 - x)^6 of the chord's square x, over some pixels of Cycles' map; a sun as small as nature's is
    all edge, and as wide as its size in the mean square. A pixel that a hard edge cuts expects next to nothing from the
    disc, and each ray that meets the disc there is a white dot.
    """
    half = nodes.number("MULTIPLY", nodes.number("SINE", nodes.number("MULTIPLY", given[SIZE], 0.25)), 2.0)
    twice = nodes.number("MULTIPLY", half, 2.0)
    edge = nodes.number("MULTIPLY", twice, nodes.number("MINIMUM", twice, _EDGE))
    inner = nodes.number("SUBTRACT", nodes.number("MULTIPLY", half, half), nodes.number("MULTIPLY", edge, 0.25))
    outer = nodes.number("ADD", inner, edge)
    fall = nodes.number("DIVIDE", nodes.number("SUBTRACT", outer, nodes.number("MULTIPLY", chord, chord)), edge)
    shape = nodes.number("POWER", nodes.number("MINIMUM", nodes.number("MAXIMUM", fall, 0.0), 1.0), 6.0)
    area = nodes.number("MULTIPLY", nodes.number("ADD", inner, nodes.number("DIVIDE", edge, 7.0)), pi)
    return nodes.number("MULTIPLY", nodes.number("DIVIDE", shape, area), nodes.number("SUBTRACT", 1.0, given[GLOW]))


def _glow(nodes: Nodes, chord: Socket, share: Socket) -> Socket:
    """Radiance of the air around the sun for an irradiance of 1, of which it has *share*.

    It falls with the square of the angle (Buie, Monger, Dey, "Sunshape distributions for terrestrial solar
    simulations", Solar Energy 74, 2003, whose exponents lie around that), rounded in the middle and faded out far away.
    """
    square = nodes.number("MULTIPLY", chord, chord)
    far = nodes.number("MAXIMUM", nodes.number("SUBTRACT", 1.0, nodes.number("DIVIDE", square, _GLOW_REACH**2)), 0.0)
    fall = nodes.number("DIVIDE", nodes.number("MULTIPLY", far, far), nodes.number("ADD", square, _GLOW_CORE**2))
    core = (_GLOW_CORE / _GLOW_REACH) ** 2
    energy = pi * ((1 + core) ** 2 * log((1 + core) / core) - 1.5 - core)  # the integral of *fall* over the glow
    return nodes.number("MULTIPLY", fall, nodes.number("DIVIDE", share, energy))
