"""The directions written into the 3D views while a preview is the world, or when the artist wants to see them."""

from math import cos, radians, sin, tan

import blf
import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

from ..scene.live_preview import is_lent
from .compass import colour
from .letters import CARDINALS

_FAR = 1e5  # metres: where the horizon is, from any scene
_SIZE = 18  # points
_handlers: list = []


def _draw() -> None:
    context = bpy.context
    direction = context.scene.skyloom.direction
    if not (direction.show_in_view or is_lent(context.scene.world)):
        return
    for letter, azimuth in CARDINALS.items():
        _write(context, letter, azimuth, 0.0, (1.0, 1.0, 1.0))
    for number, region in enumerate(direction.regions):
        if not region.mask:
            middle = (max(region.lowest, -10) + min(region.highest, 40)) / 2
            _write(context, region.prompt, region.azimuth, middle, colour(number))


def _write(
    context: bpy.types.Context, text: str, azimuth: float, elevation: float, tint: tuple[float, float, float]
) -> None:
    """*text* in the middle of where one looks to see *azimuth* and *elevation* (degrees)."""
    turn, view = radians(azimuth), context.region_data
    eye = view.view_matrix.inverted().translation
    place = eye + _FAR * Vector((sin(turn), cos(turn), tan(radians(elevation))))
    seen = location_3d_to_region_2d(context.region, view, place)
    if seen is None or not view.is_perspective:
        return
    blf.size(0, _SIZE * context.preferences.system.ui_scale)
    width, height = blf.dimensions(0, text)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 5, 0.0, 0.0, 0.0, 0.9)
    blf.color(0, *tint, 1.0)
    blf.position(0, seen.x - width / 2, seen.y - height / 2, 0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)


def register() -> None:
    if not bpy.app.background:
        _handlers.append(bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL"))


def unregister() -> None:
    while _handlers:
        bpy.types.SpaceView3D.draw_handler_remove(_handlers.pop(), "WINDOW")
