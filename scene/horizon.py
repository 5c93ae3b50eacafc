"""The horizon of a sky: tipped, raised, and what is below it, live in the sky's node group.

Below it the picture may give way to the sky alone, so that the artist's own ground can stand under it: the horizon's
colours go on downwards and pass into a ground that is as bright as one of its colour would be under this sky.
"""

from math import pi, radians, sin
from typing import TYPE_CHECKING, Any

import bpy

from .nodes import Nodes, Socket, add_sockets

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

TILT_X, TILT_Y, HEIGHT = "Tilt X", "Tilt Y", "Horizon Height"
SKY_ONLY, COLOUR, FADE, MIRROR = "Sky Only", "Ground Color", "Ground Fade", "Ground Mirror"
GROUND = (COLOUR, FADE, MIRROR)
_FADE_POWER = 3.0  # so that the bright sky's last rest goes gently
_ALBEDO = 0.2  # of most soils and of grass
_WHITE = (1.0, 1.0, 1.0)
_DIRECTION, _LIFT = "Direction", "Lift"
_PLACE, _SHARE = "Place", "Share"


def add_horizon_inputs(tree: bpy.types.NodeTree) -> None:
    """Give the sky's group *tree* the sliders of its horizon."""

    def socket(name: str, kind: str, value: Any, description: str, **limits: Any) -> None:
        made = tree.interface.new_socket(
            name, description=description, in_out="INPUT", socket_type=f"NodeSocket{kind}", parent=panel
        )
        made.default_value = value
        for limit, setting in limits.items():
            setattr(made, limit, setting)

    def angle(name: str, value: float, low: float, high: float, description: str) -> None:
        limits = {"subtype": "ANGLE", "min_value": radians(low), "max_value": radians(high)}
        socket(name, "Float", radians(value), description, **limits)

    panel = tree.interface.new_panel("Horizon", description="Where the horizon is and what is below it")
    angle(TILT_X, 0, -90, 90, "Tips the sky about the X axis, its sun and its light, too")
    angle(TILT_Y, 0, -90, 90, "Tips the sky about the Y axis, its sun and its light, too")
    angle(HEIGHT, 0, -45, 45, "Raises or lowers the horizon; the zenith stays where it is")
    socket(SKY_ONLY, "Bool", False, "Leave out what the picture shows below the horizon")
    ground = "Of the ground below the horizon; it is as bright as such a ground is under this sky"
    socket(COLOUR, "Color", (_ALBEDO, _ALBEDO, _ALBEDO, 1.0), ground)
    angle(FADE, 5, 0, 90, "How far below the horizon its colours have passed into the ground's")
    limits = {"subtype": "FACTOR", "min_value": 0.0, "max_value": 1.0}
    socket(MIRROR, "Float", 0.0, "How much the sky goes on below the horizon as its own mirror image", **limits)


class Horizon:
    """The nodes between a direction and where it is looked up in a picture *height* pixels high.

    *light*, if it is known, lights the ground; *strength* is the slider of its sun, if it has one.
    """

    def __init__(
        self,
        nodes: Nodes,
        inputs: bpy.types.bpy_prop_collection,
        height: int,
        light: "FoundLight | None",
        strength: Socket | None,
    ) -> None:
        self._nodes, self._inputs = nodes, inputs
        self._group = _build_group(pi / height)  # a pixel above the horizon nothing of the ground is mixed in
        self.lift = nodes.number("TANGENT", inputs[HEIGHT])
        self._radiance = self._ground(light, strength)

    def turn(self, *angles: Socket) -> Socket:
        """The sky's rotation as angles about X, Y and Z; those about Z add up."""
        about_z = angles[0] if len(angles) == 1 else self._nodes.number("ADD", *angles)
        node = self._nodes.add("ShaderNodeCombineXYZ", self._inputs[TILT_X], self._inputs[TILT_Y], about_z)
        return node.outputs["Vector"]

    def look_up(self, direction: Socket) -> tuple[Socket, Socket]:
        """Where the picture is looked up for *direction*, and the share that the ground's own colour has there."""
        node = self._nodes.add("ShaderNodeGroup", node_tree=self._group)
        sliders = {name: self._inputs[name] for name in (SKY_ONLY, FADE, MIRROR)}
        given = self._nodes.feed(node, {_DIRECTION: direction, _LIFT: self.lift, **sliders}).outputs
        return given[_PLACE], given[_SHARE]

    def over_ground(self, colour: Socket, share: Socket) -> Socket:
        return self._nodes.mixed(colour, self._radiance, share)

    def _ground(self, light: "FoundLight | None", strength: Socket | None) -> Socket:
        """Radiance of a matte ground under the sky, whose sun is *strength* times as strong as it was."""
        white = light.white if light else _WHITE
        card = self._inputs[COLOUR]
        if not (light and strength):
            return self._nodes.vector("MULTIPLY", card, white)
        direct = [channel * max(0.0, sin(radians(light.elevation))) / pi for channel in light.irradiance]
        more = self._nodes.scaled(tuple(direct), self._nodes.number("SUBTRACT", strength, 1.0))
        return self._nodes.vector("MULTIPLY", card, self._nodes.vector("ADD", more, white))


def _build_group(lowest: float) -> bpy.types.NodeTree:
    """The node group "Skyloom Horizon": for a direction, where the picture is looked up and the ground's share of it.

    lowest: the height from which on the picture shows the sky alone. A group of its own, because the sky needs it twice
    and Blender goes through a whole tree again at each node and link that is added to it.
    """
    tree = bpy.data.node_groups.new("Skyloom Horizon", "ShaderNodeTree")
    sockets = {_DIRECTION: "Vector", _LIFT: "Float", SKY_ONLY: "Float", FADE: "Float", MIRROR: "Float"}
    add_sockets(tree, sockets, {_PLACE: "Vector", _SHARE: "Float"})
    nodes = Nodes(tree)
    given = nodes.add("NodeGroupInput").outputs
    x, y, z = nodes.add("ShaderNodeSeparateXYZ", nodes.vector("NORMALIZE", given[_DIRECTION])).outputs
    level = nodes.number("SQRT", nodes.number("SUBTRACT", 1.0, nodes.number("MULTIPLY", z, z)))
    height = nodes.number("SUBTRACT", z, nodes.number("MULTIPLY", given[_LIFT], level))
    below = nodes.number("MULTIPLY", nodes.number("LESS_THAN", height, 0.0), given[SKY_ONLY])
    mirrored = nodes.number("MULTIPLY", nodes.number("MINIMUM", height, 0.0), given[MIRROR])
    alone = nodes.number("SUBTRACT", nodes.number("MAXIMUM", height, 0.0), mirrored)
    alone = nodes.number("MAXIMUM", alone, lowest)
    more = nodes.number("MULTIPLY", given[SKY_ONLY], nodes.number("SUBTRACT", alone, height))
    seen = nodes.number("ADD", height, more)
    place = nodes.add("ShaderNodeCombineXYZ", x, y, seen).outputs["Vector"]
    depth = nodes.number("ARCTAN2", nodes.number("MULTIPLY", height, -1.0), level)
    share = nodes.number("DIVIDE", depth, nodes.number("MAXIMUM", given[FADE], 1e-4))
    share = nodes.number("MINIMUM", nodes.number("MAXIMUM", share, 0.0), 1.0)
    share = nodes.number("SUBTRACT", 1.0, nodes.number("POWER", nodes.number("SUBTRACT", 1.0, share), _FADE_POWER))
    plain = nodes.number("SUBTRACT", 1.0, given[MIRROR])
    share = nodes.number("MULTIPLY", nodes.number("MULTIPLY", share, below), plain)
    nodes.feed(tree.nodes.new("NodeGroupOutput"), {_PLACE: place, _SHARE: share})
    return tree
