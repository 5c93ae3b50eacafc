from typing import ClassVar

import bpy

from ..folders import install_log


class SKYLOOM_OT_copy_install_log(bpy.types.Operator):
    bl_idname = "skyloom.copy_install_log"
    bl_label = "Copy Log"
    bl_description = "Copy the log of the engine's last installation to the clipboard"
    bl_options: ClassVar = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("The engine was not installed from here yet")
        return install_log().exists()

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = install_log().read_text(encoding="utf-8", errors="replace")
        self.report({"INFO"}, "Log copied")
        return {"FINISHED"}
