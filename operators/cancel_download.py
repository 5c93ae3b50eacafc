from typing import ClassVar

import bpy

from .. import downloads
from ..panels.redraw import redraw


class SKYLOOM_OT_cancel_download(bpy.types.Operator):
    bl_idname = "skyloom.cancel_download"
    bl_label = "Cancel"
    bl_description = "Stop the download; what is there is kept, and the next download goes on from it"
    bl_options: ClassVar = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("No model is being downloaded")
        return downloads.running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        downloads.cancel()
        redraw(context.window_manager)
        return {"FINISHED"}
