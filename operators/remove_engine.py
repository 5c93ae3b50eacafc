import sys

import bpy

from .. import installation
from ..engine.setup.place import State
from ..engine.wording import size
from ..folders import engine_folder, install_log
from .engine_work import EngineWork


class SKYLOOM_OT_remove_engine(EngineWork, bpy.types.Operator):
    bl_idname = "skyloom.remove_engine"
    bl_label = "Remove"
    bl_description = "Delete the engine and free its disk space"
    done = "The engine is removed"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        cls.poll_message_set("The engine is not installed")
        return engine_folder().state() is not State.MISSING

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        record = engine_folder().record()
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Remove the Engine",
            message=f"{size(record.size)} are free then. New skies need it again" if record else "",
            confirm_text="Remove",
        )

    def start(self, _context: bpy.types.Context) -> None:
        arguments = ["remove", str(engine_folder().path)]
        installation.start("Removing the engine", [sys.executable, "-m", "engine.setup", *arguments], install_log())
