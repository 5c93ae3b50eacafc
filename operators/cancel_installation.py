from typing import ClassVar

import bpy

from .. import installation


class SKYLOOM_OT_cancel_installation(bpy.types.Operator):
    bl_idname = "skyloom.cancel_installation"
    bl_label = "Cancel"
    bl_description = "Stop the work on the engine; what was downloaded is kept for the next time"
    bl_options: ClassVar = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("The engine is not being worked on")
        return installation.progress().running

    def execute(self, _context: bpy.types.Context) -> set[str]:
        installation.cancel()
        return {"FINISHED"}
