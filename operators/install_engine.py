from typing import ClassVar

import bpy

from .. import installation, preferences, session
from ..engine.errors import SkyloomError
from ..engine.protocol import Failure, Finished
from ..folders import absolute, engine_folder, install_log

TICK = 0.2  # seconds between two looks at what the installation said


class SKYLOOM_OT_install_engine(bpy.types.Operator):
    """In a window it returns at once and is followed from a timer; called from a script it waits for the end."""

    bl_idname = "skyloom.install_engine"
    bl_label = "Install Engine"
    bl_description = "Download the engine into a private Python of its own; repairs, resumes or updates what is there"
    bl_options: ClassVar = set()

    remove: bpy.props.BoolProperty(
        name="Remove", description="Delete the engine and free its disk space", options={"SKIP_SAVE"}
    )

    _timer: bpy.types.Timer | None = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if installation.progress.running or cls._timer:
            cls.poll_message_set("The engine is being installed: wait for it or cancel it")
            return False
        if session.running():
            cls.poll_message_set("A sky is being generated: wait for it or cancel it")
            return False
        if not bpy.app.online_access and not preferences.get(context).package_folder:
            cls.poll_message_set("Online access is off: switch it on in the System preferences, under Network")
            return False
        return True

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return "Delete the engine and free its disk space" if properties.remove else cls.bl_description

    @classmethod
    def unregister(cls) -> None:
        cls._stop_timer()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if not self._start(context):
            return {"CANCELLED"}
        manager = context.window_manager
        type(self)._timer = manager.event_timer_add(TICK, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "TIMER":
            if installation.update():
                _redraw(context.window_manager)
            if not installation.progress.running:
                self._stop_timer()
                return self._conclude()
        return {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        self._stop_timer()
        installation.close()

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self._start(context):
            return {"CANCELLED"}
        told = ""
        while installation.progress.running:
            installation.update(wait=TICK)
            if installation.progress.task != told:
                told = installation.progress.task
                print(f"Skyloom: {told}", flush=True)
        return self._conclude()

    def _start(self, context: bpy.types.Context) -> bool:
        chosen = preferences.get(context)
        session.close()  # the engine's files are in use while it runs
        arguments = ["remove" if self.remove else "install", str(engine_folder().path), "--build", chosen.build]
        if chosen.package_folder:
            arguments += ["--packages", str(absolute(chosen.package_folder))]
        try:
            installation.start(arguments, install_log())
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return False
        return True

    def _conclude(self) -> set[str]:
        match installation.outcome():
            case Finished():
                self.report({"INFO"}, "The engine is removed" if self.remove else "The engine is installed")
                return {"FINISHED"}
            case Failure(message=message, hint=hint):
                self.report({"ERROR"}, f"{message} \n{hint}".strip())
            case _:
                self.report({"INFO"}, "Cancelled: what was downloaded is kept for the next time")
        return {"CANCELLED"}

    @classmethod
    def _stop_timer(cls) -> None:
        if cls._timer:
            bpy.context.window_manager.event_timer_remove(cls._timer)
            cls._timer = None


def _redraw(manager: bpy.types.WindowManager) -> None:
    for window in manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
