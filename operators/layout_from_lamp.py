from typing import ClassVar

import bpy
from mathutils import Vector

from ..scene.sun import azimuth_elevation


class SKYLOOM_OT_layout_from_lamp(bpy.types.Operator):
    bl_idname = "skyloom.layout_from_lamp"
    bl_label = "Sun from Lamp"
    bl_description = "Put the layout's sun where the scene's Sun lamp shines from"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The scene has no Sun lamp")
        return _lamp(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        towards = _lamp(context).matrix_world.to_quaternion() @ Vector((0, 0, 1))
        layout = context.scene.skyloom.direction.layout
        layout.use_place = False
        layout.azimuth, layout.elevation = (round(angle, 2) for angle in azimuth_elevation(towards))
        return {"FINISHED"}


def _lamp(context: bpy.types.Context) -> bpy.types.Object | None:
    """The Sun lamp that is selected last, or else the first of the scene."""
    lamps = [thing for thing in context.scene.objects if thing.type == "LIGHT" and thing.data.type == "SUN"]
    return context.object if context.object in lamps else next(iter(lamps), None)
