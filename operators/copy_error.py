from typing import ClassVar

import bpy

from .. import session
from ..folders import engine_log


class SKYLOOM_OT_copy_error(bpy.types.Operator):
    bl_idname = "skyloom.copy_error"
    bl_label = "Copy Error Report"
    bl_description = "Copy the error, the hint and the end of the engine's log to the clipboard"
    bl_options: ClassVar = {"INTERNAL"}

    LOG_LINES = 100

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("The last generation had no error")
        return bool(session.status().error)

    def execute(self, context: bpy.types.Context) -> set[str]:
        status, log = session.status(), engine_log()
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        report = [f"Blender {bpy.app.version_string}", status.error, status.hint, f"{log}:", *lines[-self.LOG_LINES :]]
        context.window_manager.clipboard = "\n".join(report)
        self.report({"INFO"}, "Error report copied")
        return {"FINISHED"}
