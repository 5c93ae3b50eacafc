"""The sun of a panorama: what is known of it, and the sliders that its node group has (see sun_group).

Cycles samples the world by a map of it, whose pixels must not miss the disc; in a map of 2048 x 1024 it has about
seven.
"""

from math import asin, atan2, cos, degrees, pi, radians, sin
from typing import TYPE_CHECKING

import bpy
from mathutils import Vector

if TYPE_CHECKING:
    from ..engine.light.found import FoundLight

# The inputs of the sky's node.
STRENGTH, SIZE, GLOW, DISC = "Sun Strength", "Sun Size", "Sun Glow", "Sun Disc"
_LEAST_SIZE = radians(0.2)
MAP_WIDTH = 2048
_PROPERTY = "skyloom_light"  # custom property of the world


def note_light(world: bpy.types.World, light: "FoundLight") -> None:
    """Keep what is known of the light on *world*, where scripts find it, and let Cycles find a small sun."""
    world[_PROPERTY] = light.to_dict()
    if light.reach and hasattr(world, "cycles"):  # an add-on, which may be switched off
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = MAP_WIDTH


def noted_light(world: bpy.types.World | None) -> dict | None:
    """What :func:`note_light` kept on *world*."""
    return world[_PROPERTY].to_dict() if world and _PROPERTY in world else None


def sun_direction(azimuth: float, elevation: float) -> Vector:
    """Towards the sun, from degrees clockwise from +Y and above the horizon."""
    turn, rise = radians(azimuth), radians(elevation)
    return Vector((sin(turn) * cos(rise), cos(turn) * cos(rise), sin(rise)))


def azimuth_elevation(towards: Vector) -> tuple[float, float]:
    """Degrees clockwise from +Y, in [0, 360), and above the horizon, of the unit vector *towards*."""
    return degrees(atan2(towards.x, towards.y)) % 360, degrees(asin(max(-1.0, min(1.0, towards.z))))


def add_sun_inputs(tree: bpy.types.NodeTree, light: "FoundLight") -> None:
    """Give the sky's group *tree* the sliders of the sun of *light*."""

    def number(name: str, default: float, low: float, high: float, description: str, subtype: str) -> None:
        socket = tree.interface.new_socket(
            name, description=description, in_out="INPUT", socket_type="NodeSocketFloat", parent=panel
        )
        socket.subtype = subtype
        socket.default_value, socket.min_value, socket.max_value = default, low, high

    panel = tree.interface.new_panel("Sun", description="The sun's own light, apart from the sky's")
    number(STRENGTH, 1, 0, 1e4, "How strong the sun is beside what it is in nature", "NONE")
    number(
        SIZE,
        radians(light.size),
        _LEAST_SIZE,
        pi / 2,
        "Across; a larger sun has softer shadows, not more light",
        "ANGLE",
    )
    number(GLOW, light.glow, 0, 1, "Share of its light that comes from the air around it", "FACTOR")
    number(DISC, 1, 0, 1, "Whether the world lights as the sun; 0 while a sun lamp does", "FACTOR")
