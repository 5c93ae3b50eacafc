"""The node group "Skyloom Sky": one panorama as light and as background, with the sliders that change it in place.

Its inputs are the only place where the adjustments are kept, so they can be animated, copied, appended and read in a
Blender without Skyloom.
"""

from collections.abc import Callable
from math import pi
from typing import TYPE_CHECKING, Any, TypeAlias

import bpy

from .sun import DISC, SIZE, STRENGTH, add_sun_inputs, build_sun_group

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

NAME = "Skyloom Sky"
DAYLIGHT = 6500.0  # kelvin; the temperature that leaves the colours as they are
_MARK = "skyloom_sky"  # custom property of our node trees: survives renaming, copying and appending

Socket: TypeAlias = bpy.types.NodeSocket


def build_sky_group(image: bpy.types.Image, light: "FoundLight | None" = None) -> bpy.types.NodeTree:
    """A new group that shows *image*; its output is a shader for a world. A sun in *light* gets sliders of its own."""
    tree = bpy.data.node_groups.new(NAME, "ShaderNodeTree")
    tree[_MARK] = True
    _add_interface(tree)
    sun = None
    if light and light.size:
        add_sun_inputs(tree, light.size)
        sun = build_sun_group(light, image.size[1])
    _Builder(tree, image, sun).build()
    return tree


def is_sky_group(tree: bpy.types.NodeTree | None) -> bool:
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

    def __init__(self, tree: bpy.types.NodeTree, image: bpy.types.Image, sun: bpy.types.NodeTree | None) -> None:
        self._tree, self._image, self._sun = tree, image, sun
        self._inputs = self._node("NodeGroupInput", (-1200, 0)).outputs

    def build(self) -> None:
        direction = self._node("ShaderNodeTexCoord", (-1200, 400)).outputs["Generated"]
        turned = self._rotated(direction, self._inputs["Rotation"], (-900, 400))
        turned_background = self._rotated(turned, self._inputs["Background Rotation"], (-700, 0))
        blurred = self._blurred(turned_background, self._inputs["Background Blur"])
        tint = self._tint(self._inputs["Temperature"])
        strength = self._math("MULTIPLY", self._inputs["Strength"], self._stops(self._inputs["Exposure"]), (-500, -500))
        background_strength = self._math("MULTIPLY", strength, self._inputs["Background Strength"], (300, -400))
        light = self._shader(turned, tint, strength, (100, 400), lights=True)
        background = self._shader(blurred, tint, background_strength, (100, 0))

        mix = self._node("ShaderNodeMixShader", (900, 300))
        is_camera = self._node("ShaderNodeLightPath", (700, 700)).outputs["Is Camera Ray"]
        for socket, source in zip(mix.inputs, (is_camera, light, background), strict=True):
            self._link(source, socket)
        self._link(mix.outputs["Shader"], self._node("NodeGroupOutput", (1100, 300)).inputs["Background"])

    def _node(self, kind: str, location: tuple[float, float]) -> bpy.types.Node:
        node = self._tree.nodes.new(kind)
        node.location = location
        return node

    @property
    def _link(self) -> Callable[[Socket, Socket], Any]:
        return self._tree.links.new

    def _rotated(self, direction: Socket, angle: Socket, location: tuple[float, float]) -> Socket:
        """Where to look in the picture so that it appears turned by *angle*: the other way round."""
        node = self._node("ShaderNodeVectorRotate", location)
        node.rotation_type, node.invert = "Z_AXIS", True
        self._link(direction, node.inputs["Vector"])
        self._link(angle, node.inputs["Angle"])
        return node.outputs["Vector"]

    def _blurred(self, direction: Socket, blur: Socket) -> Socket:
        """*direction* scattered at random: every sample looks elsewhere, and their mean is soft."""
        noise = self._node("ShaderNodeTexWhiteNoise", (-500, -200))
        self._link(direction, noise.inputs["Vector"])
        offset = self._vector_math("SUBTRACT", noise.outputs["Color"], None, (-300, -200))
        offset.node.inputs[1].default_value = (0.5, 0.5, 0.5)
        scaled = self._vector_math("SCALE", offset, None, (-100, -200))
        self._link(blur, scaled.node.inputs["Scale"])
        return self._vector_math("ADD", direction, scaled, (-100, 0))

    def _tint(self, temperature: Socket) -> Socket:
        """The colour of a black body of *temperature* relative to daylight's, which is white here."""
        light, daylight = (self._node("ShaderNodeBlackbody", (-700, y)) for y in (-650, -800))
        self._link(temperature, light.inputs["Temperature"])
        daylight.inputs["Temperature"].default_value = DAYLIGHT
        return self._vector_math("DIVIDE", light.outputs["Color"], daylight.outputs["Color"], (-500, -700))

    def _stops(self, exposure: Socket) -> Socket:
        power = self._math("POWER", None, exposure, (-700, -500))
        power.node.inputs[0].default_value = 2.0
        return power

    def _shader(
        self, direction: Socket, tint: Socket, strength: Socket, location: tuple[float, float], lights: bool = False
    ) -> Socket:
        x, y = location
        environment = self._node("ShaderNodeTexEnvironment", location)
        environment.width = 200
        environment.image, environment.projection = self._image, "EQUIRECTANGULAR"
        self._link(direction, environment.inputs["Vector"])
        colour = self._with_sun(environment.outputs["Color"], direction, lights, (x + 200, y - 150))
        colour = self._vector_math("MULTIPLY", colour, tint, (x + 350, y))
        background = self._node("ShaderNodeBackground", (x + 550, y))
        self._link(colour, background.inputs["Color"])
        self._link(strength, background.inputs["Strength"])
        return background.outputs["Background"]

    def _with_sun(self, colour: Socket, direction: Socket, lights: bool, location: tuple[float, float]) -> Socket:
        """*colour* with the sun's disc; a lamp that stands for the sun leaves it to the camera alone."""
        if not self._sun:
            return colour
        node = self._node("ShaderNodeGroup", location)
        node.node_tree = self._sun
        node.inputs[DISC].default_value = 1.0
        sources = {"Color": colour, "Direction": direction}
        sources |= {name: self._inputs[name] for name in (STRENGTH, SIZE, DISC) if lights or name != DISC}
        for name, source in sources.items():
            self._link(source, node.inputs[name])
        return node.outputs["Color"]

    def _math(self, operation: str, a: Socket | None, b: Socket | None, location: tuple[float, float]) -> Socket:
        return self._operation("ShaderNodeMath", operation, a, b, location).outputs["Value"]

    def _vector_math(self, operation: str, a: Socket | None, b: Socket | None, location: tuple[float, float]) -> Socket:
        return self._operation("ShaderNodeVectorMath", operation, a, b, location).outputs["Vector"]

    def _operation(
        self, kind: str, operation: str, a: Socket | None, b: Socket | None, location: tuple[float, float]
    ) -> bpy.types.Node:
        node = self._node(kind, location)
        node.operation = operation
        for source, socket in zip((a, b), node.inputs, strict=False):
            if source:
                self._link(source, socket)
        return node
