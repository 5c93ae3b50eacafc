from typing import ClassVar

import bpy

from .. import session


class SKYLOOM_OT_cancel_generation(bpy.types.Operator):
    bl_idname = "skyloom.cancel_generation"
    bl_label = "Cancel"
    bl_description = "Stop generating; the scene stays as it is. Esc does the same"
    bl_options: ClassVar = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("No sky is being generated")
        return session.running()

    def execute(self, _context: bpy.types.Context) -> set[str]:
        session.cancel()
        return {"FINISHED"}
