"""The list of regions: add, remove, point."""

from math import atan2, degrees

import bpy
from mathutils import Vector


class SKYLOOM_OT_add_region(bpy.types.Operator):
    bl_idname = "skyloom.add_region"
    bl_label = "Add Region"
    bl_description = "Add a part of the sky with a prompt of its own"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction = context.scene.skyloom.direction
        direction.regions.add().azimuth = 90.0 * len(direction.regions) % 360
        direction.region = len(direction.regions) - 1
        return {"FINISHED"}


class SKYLOOM_OT_remove_region(bpy.types.Operator):
    bl_idname = "skyloom.remove_region"
    bl_label = "Remove Region"
    bl_description = "Remove the chosen part"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene.skyloom.direction.regions)

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction = context.scene.skyloom.direction
        direction.regions.remove(direction.region)
        direction.region = max(0, direction.region - 1)
        return {"FINISHED"}


class SKYLOOM_OT_region_from_view(bpy.types.Operator):
    bl_idname = "skyloom.region_from_view"
    bl_label = "Set from View"
    bl_description = "Point the chosen part where the 3D view, or else the camera, looks"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("There is no region, or neither a 3D view nor a camera")
        return bool(context.scene.skyloom.direction.regions) and _view(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction = context.scene.skyloom.direction
        ahead = _view(context)
        direction.regions[direction.region].azimuth = round(degrees(atan2(ahead.x, ahead.y)) % 360, 1)
        return {"FINISHED"}


def _view(context: bpy.types.Context) -> Vector | None:
    """Where the 3D view looks, else the scene's camera; None without either."""
    screen = context.screen
    areas = [area for area in screen.areas if area.type == "VIEW_3D"] if screen and not bpy.app.background else []
    if areas:
        return areas[0].spaces.active.region_3d.view_rotation @ Vector((0, 0, -1))
    camera = context.scene.camera
    return camera.matrix_world.to_quaternion() @ Vector((0, 0, -1)) if camera else None
