from typing import ClassVar

import bpy

from .. import installation, session
from ..engine.errors import SkyloomError
from ..engine.protocol import Failure, Finished
from ..engine_preferences import redraw_preferences
from ..panels.redraw import redraw

TICK = 0.2  # seconds between two looks at what the process said


class EngineWork:
    """What the operators share that work on the engine by a process beside Blender.

    In a window they return at once and the preferences tell the rest, also if they are closed and opened again
    meanwhile; in the background they wait for the end.
    """

    bl_options: ClassVar = set()
    done: ClassVar[str]  # what is reported in the end

    def start(self, context: bpy.types.Context) -> None:
        """Start the process by :func:`installation.start`. Raises a SkyloomError."""
        raise NotImplementedError

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if installation.progress().running:
            cls.poll_message_set("The engine is being worked on: wait for it or cancel it")
            return False
        if session.running():
            cls.poll_message_set("A sky is being generated: wait for it or cancel it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        session.close()  # the engine's files are in use while it runs
        try:
            self.start(context)
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.app.timers.register(_follow, first_interval=TICK, persistent=True)
            return {"FINISHED"}
        told = ""
        while installation.progress().running:
            installation.update(wait=TICK)
            if installation.progress().task != told:
                told = installation.progress().task
                print(f"Skyloom: {told}", flush=True)
        match installation.outcome():
            case Finished():
                self.report({"INFO"}, self.done)
                return {"FINISHED"}
            case Failure(message=message, hint=hint):
                self.report({"ERROR"}, f"{message} \n{hint}".strip())
            case _:
                self.report({"INFO"}, "Cancelled")
        return {"CANCELLED"}


def _follow() -> float | None:
    """Take in what the process tells; None, which ends the timer, when it has ended."""
    manager = bpy.context.window_manager
    if installation.update():
        redraw_preferences(manager)
    if installation.progress().running:
        return TICK
    redraw(manager)  # the panel, which says whether there is an engine
    return None


def unregister() -> None:
    if bpy.app.timers.is_registered(_follow):
        bpy.app.timers.unregister(_follow)
