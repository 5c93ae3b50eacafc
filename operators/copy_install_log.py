from typing import ClassVar

import bpy

from .. import installation
from ..engine.doctor import line_of
from ..folders import install_log


class SKYLOOM_OT_copy_install_log(bpy.types.Operator):
    bl_idname = "skyloom.copy_install_log"
    bl_label = "Copy Log"
    bl_description = "Copy the log of the engine's last installation, and what the last check found, to the clipboard"
    bl_options: ClassVar = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("The engine was neither installed nor checked from here yet")
        return install_log().exists() or bool(installation.progress().findings)

    def execute(self, context: bpy.types.Context) -> set[str]:
        report, log = (
            [f"Blender {bpy.app.version_string}", *map(line_of, installation.progress().findings)],
            install_log(),
        )
        if log.exists():
            report += [f"{log}:", log.read_text(encoding="utf-8", errors="replace")]
        context.window_manager.clipboard = "\n".join(report)
        self.report({"INFO"}, "Log copied")
        return {"FINISHED"}
