import bpy

from .. import installation, preferences
from ..engine.errors import EngineIncomplete
from ..folders import engine_log
from .engine_work import EngineWork


class SKYLOOM_OT_check_engine(EngineWork, bpy.types.Operator):
    bl_idname = "skyloom.check_engine"
    bl_label = "Check Engine"
    bl_description = "Look over the engine, from its Python to a small sky, and say what is wrong and what to do"
    done = "The engine was looked over: the preferences show what was found"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        try:
            preferences.engine_python(context)
        except EngineIncomplete as error:
            cls.poll_message_set(error.message)
            return False
        return True

    def start(self, context: bpy.types.Context) -> None:
        doctor = [str(preferences.engine_python(context)), "-m", "engine", "doctor", "--events"]
        installation.start("Looking over the engine", doctor, engine_log())
