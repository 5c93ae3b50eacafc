"""The node group "Skyloom Sky": one panorama as light and as background, with the sliders that change it in place.

Its inputs are the only place where the adjustments are kept, so they can be animated, copied, appended and read in a
Blender without Skyloom.
"""

from math import pi
from typing import TYPE_CHECKING, Any

import bpy

from .horizon import Horizon, add_horizon_inputs
from .images import size_of
from .nodes import Nodes, Socket
from .sun import DISC, GLOW, SIZE, STRENGTH, add_sun_inputs
from .sun_group import LIFT, add_picture, add_picture_with_sun, build_sun_group

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

NAME = "Skyloom Sky"
DAYLIGHT = 6500.0  # kelvin; the temperature that leaves the colours as they are
_MARK = "skyloom_sky"  # custom property of our node trees: survives renaming, copying and appending


def build_sky_group(image: bpy.types.Image, light: "FoundLight | None" = None) -> bpy.types.NodeTree:
    """A new group that shows *image*; its output is a shader for a world. A sun in *light* gets sliders of its own."""
    tree = bpy.data.node_groups.new(NAME, "ShaderNodeTree")
    tree[_MARK] = True
    _add_interface(tree)
    sun = None
    if light and light.reach:
        add_sun_inputs(tree, light)
        sun = build_sun_group(light)
    add_horizon_inputs(tree)
    _Builder(tree, image, light, sun).build()
    return tree


def is_sky_group(tree: bpy.types.NodeTree | None) -> bool:
    """Whether *tree* is a group of :func:`build_sky_group`, whatever it is called now."""
    return tree is not None and _MARK in tree


def sky_image(tree: bpy.types.NodeTree) -> bpy.types.Image | None:
    """The panorama that a group of ours shows."""
    return next(node.image for node in tree.nodes if node.type == "TEX_ENVIRONMENT")


def _add_interface(tree: bpy.types.NodeTree) -> None:
    def number(name: str, default: float, low: float, high: float, description: str, **more: Any) -> None:
        socket = tree.interface.new_socket(
            name, description=description, in_out="INPUT", socket_type="NodeSocketFloat", parent=more.get("parent")
        )
        socket.subtype = more.get("subtype", "NONE")
        socket.default_value, socket.min_value, socket.max_value = default, low, high

    tree.interface.new_socket("Background", in_out="OUTPUT", socket_type="NodeSocketShader")
    number("Rotation", 0, -100 * pi, 100 * pi, "Turns the sky about the vertical, counter-clockwise", subtype="ANGLE")
    number("Strength", 1, 0, 1e6, "How bright the sky is and how much it lights")
    number("Exposure", 0, -32, 32, "The same in stops: each doubles the light")
    number("Temperature", DAYLIGHT, 1800, 12000, "Colour of the light in kelvin: warm below 6500, cool above")
    panel = tree.interface.new_panel("Background", description="What the camera sees, apart from the light")
    turn = "Turns what the camera sees, beyond the rotation of the light"
    number("Background Rotation", 0, -100 * pi, 100 * pi, turn, subtype="ANGLE", parent=panel)
    number("Background Strength", 1, 0, 1e6, "How bright the camera sees the sky; the light stays", parent=panel)
    number("Background Blur", 0, 0, 1, "How soft the camera sees the sky", subtype="FACTOR", parent=panel)


class _Builder:
    """Adds and links nodes: every method returns the output socket that the next one takes."""

    def __init__(
        self,
        tree: bpy.types.NodeTree,
        image: bpy.types.Image,
        light: "FoundLight | None",
        sun: bpy.types.NodeTree | None,
    ) -> None:
        self._nodes, self._image, self._sun = Nodes(tree), image, sun
        self._inputs = self._nodes.add("NodeGroupInput").outputs
        self._horizon = Horizon(
            self._nodes, self._inputs, size_of(image)[1], light, self._inputs[STRENGTH] if sun else None
        )

    def build(self) -> None:
        nodes, inputs = self._nodes, self._inputs
        direction = nodes.add("ShaderNodeTexCoord").outputs["Generated"]
        turned = self._rotated(direction, self._horizon.turn(inputs["Rotation"]))
        seen = self._rotated(direction, self._horizon.turn(inputs["Rotation"], inputs["Background Rotation"]))
        blurred = self._blurred(seen, inputs["Background Blur"])
        tint = self._tint(inputs["Temperature"])
        strength = nodes.number("MULTIPLY", inputs["Strength"], nodes.number("POWER", 2.0, inputs["Exposure"]))
        background_strength = nodes.number("MULTIPLY", strength, inputs["Background Strength"])
        light = self._shader(turned, tint, strength, lights=True)
        background = self._shader(blurred, tint, background_strength)
        is_camera = nodes.add("ShaderNodeLightPath").outputs["Is Camera Ray"]
        mix = nodes.add("ShaderNodeMixShader", is_camera, light, background)
        nodes.add("NodeGroupOutput", mix.outputs["Shader"])

    def _rotated(self, direction: Socket, angles: Socket) -> Socket:
        """Where to look in the picture so that it appears turned by *angles*: the other way round."""
        node = self._nodes.add("ShaderNodeVectorRotate", rotation_type="EULER_XYZ", invert=True)
        return self._nodes.feed(node, {"Vector": direction, "Rotation": angles}).outputs["Vector"]

    def _blurred(self, direction: Socket, blur: Socket) -> Socket:
        """*direction* scattered at random: every sample looks elsewhere, and their mean is soft."""
        noise = self._nodes.add("ShaderNodeTexWhiteNoise", direction).outputs["Color"]
        offset = self._nodes.vector("SUBTRACT", noise, (0.5, 0.5, 0.5))
        return self._nodes.vector("ADD", direction, self._nodes.scaled(offset, blur))

    def _tint(self, temperature: Socket) -> Socket:
        """The colour of a black body of *temperature* relative to daylight's, which is white here."""
        light, daylight = (self._nodes.add("ShaderNodeBlackbody", kelvin) for kelvin in (temperature, DAYLIGHT))
        return self._nodes.vector("DIVIDE", light.outputs["Color"], daylight.outputs["Color"])

    def _shader(self, direction: Socket, tint: Socket, strength: Socket, lights: bool = False) -> Socket:
        place, ground = self._horizon.look_up(direction)
        colour = self._with_sun(direction, place, lights) if self._sun else add_picture(self._nodes, self._image, place)
        colour = self._horizon.over_ground(colour, ground)
        background = self._nodes.add("ShaderNodeBackground", self._nodes.vector("MULTIPLY", colour, tint), strength)
        return background.outputs["Background"]

    def _with_sun(self, direction: Socket, place: Socket, lights: bool) -> Socket:
        """The picture with its sun; a lamp that stands for the sun leaves it to the camera alone."""
        controls = {name: self._inputs[name] for name in (STRENGTH, SIZE, GLOW)}
        controls[DISC] = self._inputs[DISC] if lights else 1.0
        controls[LIFT] = self._horizon.lift
        return add_picture_with_sun(self._nodes, self._image, direction, place, self._sun, controls)
