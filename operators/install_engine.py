import sys

import bpy

from .. import installation, preferences
from ..folders import absolute, engine_folder, install_log
from .engine_work import EngineWork


class SKYLOOM_OT_install_engine(EngineWork, bpy.types.Operator):
    bl_idname = "skyloom.install_engine"
    bl_label = "Install Engine"
    bl_description = "Download the engine into a private Python of its own; repairs, resumes or updates what is there"
    done = "The engine is installed"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        cls.poll_message_set("Online access is off: switch it on in the System preferences, under Network")
        return bpy.app.online_access or bool(preferences.get(context).package_folder)

    def start(self, context: bpy.types.Context) -> None:
        chosen, log = preferences.get(context), install_log()
        arguments = ["install", str(engine_folder().path), "--build", chosen.build]
        if chosen.package_folder:
            arguments += ["--packages", str(absolute(chosen.package_folder))]
        log.unlink(missing_ok=True)
        installation.start("Starting", [sys.executable, "-m", "engine.setup", *arguments], log)
