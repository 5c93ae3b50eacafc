"""A Sun lamp that stands for the sun of the world: same direction, colour, strength and size, and it follows them."""

from math import pi, radians, tan

import bpy

from .horizon import HEIGHT, TILT_X, TILT_Y
from .sky_group import NAME as SKY_NODE
from .sun import DISC, SIZE, STRENGTH, noted_light
from .world import sky_node

_NAME = "Skyloom Sun"
_MARK = "skyloom_sun"  # custom property: tells our lamp from the artist's


def has_sun(world: bpy.types.World | None) -> bool:
    """Whether *world* is a sky of ours with a sun in it."""
    node = sky_node(world)
    return node is not None and DISC in node.inputs


def sun_lamp(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The lamp of ours that stands for the sun of *scene*'s world."""
    return next((thing for thing in scene.objects if _MARK in thing), None)


def add_sun_lamp(scene: bpy.types.Scene) -> bpy.types.Object:
    """Put a lamp where the world's sun is and take the sun's disc out of what lights; the camera still sees it."""
    world, light = scene.world, noted_light(scene.world)
    strongest = max(light["irradiance"])
    lamp = bpy.data.lights.new(_NAME, "SUN")
    lamp.color = [channel / strongest for channel in light["irradiance"]]
    thing = bpy.data.objects.new(_NAME, lamp)
    thing[_MARK] = True
    thing.rotation_euler.z = pi - radians(light["azimuth"])
    scene.collection.objects.link(thing)
    _drive(lamp, "energy", world, {"s": "Strength", "e": "Exposure", "u": STRENGTH}, f"{strongest!r}*s*u*pow(2,e)")
    _drive(lamp, "angle", world, {"size": SIZE}, "size")
    rise = tan(radians(light["elevation"]))
    _drive(thing, "rotation_euler", world, {"h": HEIGHT}, f"{pi / 2!r}-atan({rise!r}+tan(h))", index=0)
    for axis, name in enumerate((TILT_X, TILT_Y, "Rotation")):
        _drive(thing, "delta_rotation_euler", world, {"turn": name}, "turn", index=axis)
    sky_node(world).inputs[DISC].default_value = 0.0
    return thing


def remove_sun_lamp(scene: bpy.types.Scene) -> bool:
    """Take the lamp away and let the world light as the sun again. False if there was none, or none any more."""
    if has_sun(scene.world):
        sky_node(scene.world).inputs[DISC].default_value = 1.0
    if not (thing := sun_lamp(scene)):
        return False
    bpy.data.lights.remove(thing.data)  # and the object with it
    return True


def _drive(
    target: bpy.types.ID, path: str, world: bpy.types.World, inputs: dict[str, str], expression: str, index: int = -1
) -> None:
    """Let *path* of *target* follow inputs of the sky's node. Simple expressions run without Python's permission."""
    driver = target.driver_add(path, index).driver
    for letter, name in inputs.items():
        variable = driver.variables.new()
        variable.name = letter
        source = variable.targets[0]
        source.id_type, source.id = "WORLD", world
        number = list(sky_node(world).inputs.keys()).index(name)
        source.data_path = f'node_tree.nodes["{SKY_NODE}"].inputs[{number}].default_value'
    driver.expression = expression
