from typing import ClassVar

import bpy

from .. import installation, session
from ..engine.errors import SkyloomError
from ..engine.protocol import Failure, Finished
from ..engine_preferences import redraw_preferences

TICK = 0.2  # seconds between two looks at what the process said


class EngineWork:
    """What the operators share that work on the engine by a process beside Blender.

    In a window they return at once and are followed from a timer; called from a script they wait for the end.
    """

    bl_options: ClassVar = set()
    done: ClassVar[str]  # what is reported in the end

    _timer: ClassVar[bpy.types.Timer | None] = None

    def start(self, context: bpy.types.Context) -> None:
        """Start the process by :func:`installation.start`. Raises a SkyloomError."""
        raise NotImplementedError

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if installation.progress().running or EngineWork._timer:
            cls.poll_message_set("The engine is being worked on: wait for it or cancel it")
            return False
        if session.running():
            cls.poll_message_set("A sky is being generated: wait for it or cancel it")
            return False
        return True

    @classmethod
    def unregister(cls) -> None:
        cls._stop_timer()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if not self._try_start(context):
            return {"CANCELLED"}
        manager = context.window_manager
        EngineWork._timer = manager.event_timer_add(TICK, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "TIMER":
            if installation.update():
                redraw_preferences(context.window_manager)
            if not installation.progress().running:
                self._stop_timer()
                return self._conclude()
        return {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        self._stop_timer()
        installation.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self._try_start(context):
            return {"CANCELLED"}
        told = ""
        while installation.progress().running:
            installation.update(wait=TICK)
            if installation.progress().task != told:
                told = installation.progress().task
                print(f"Skyloom: {told}", flush=True)
        return self._conclude()

    def _try_start(self, context: bpy.types.Context) -> bool:
        session.close()  # the engine's files are in use while it runs
        try:
            self.start(context)
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return False
        return True

    def _conclude(self) -> set[str]:
        match installation.outcome():
            case Finished():
                self.report({"INFO"}, self.done)
                return {"FINISHED"}
            case Failure(message=message, hint=hint):
                self.report({"ERROR"}, f"{message} \n{hint}".strip())
            case _:
                self.report({"INFO"}, "Cancelled")
        return {"CANCELLED"}

    @staticmethod
    def _stop_timer() -> None:
        if EngineWork._timer:
            bpy.context.window_manager.event_timer_remove(EngineWork._timer)
            EngineWork._timer = None
