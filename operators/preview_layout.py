import time
from typing import ClassVar

import bpy

from .. import preferences, session
from ..direction_settings import layout_of
from ..engine.errors import SkyloomError
from ..engine.job_parts import Layout
from ..engine.protocol import Failure, Lost, Preview
from ..folders import engine_log
from ..scene import live_preview
from .window_timer import WindowTimer

_PATIENCE = 60.0  # seconds for a drawing, without an event loop
# Rows of a drawing: while sliders move, and once they rest. The first takes a tenth of a second.
_QUICK, _FINE = 128, 512
_REST = 0.3  # seconds


class SKYLOOM_OT_preview_layout(WindowTimer, bpy.types.Operator):
    bl_idname = "skyloom.preview_layout"
    bl_label = "Preview Layout"
    bl_description = "Show the layout as the scene's world and follow its sliders, until this is clicked again"
    bl_options: ClassVar = set()  # the world is only lent

    tick = 0.05
    _stop = False

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("A sky is being generated")
        return not session.running()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        kind = type(self)
        if kind.running():
            kind._stop = True
            return {"FINISHED"}
        if bpy.app.background:
            return self.execute(context)
        if not self._ask(context, _QUICK):
            return {"CANCELLED"}
        kind._stop = False
        return self.start_timer(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._stop or session.running():
            self.stop_timer()
            if not session.running():  # a generation shows its own previews in that world, and gives it back
                live_preview.end_all()
            return {"FINISHED"}
        for answer in session.poll():
            self._waiting = self._waiting and not isinstance(answer, Preview | Failure | Lost)
            if not self._take(context, answer):
                self.stop_timer()
                live_preview.end_all()
                return {"CANCELLED"}
        if self._waiting:
            return {"PASS_THROUGH"}
        if self._shown != layout_of(context.scene.skyloom.direction.layout):
            self._ask(context, _QUICK)
        elif self._height == _QUICK and time.monotonic() - self._asked_at > _REST:
            self._ask(context, _FINE)
        return {"PASS_THROUGH"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Without an event loop: wait for one drawing and leave it in the world."""
        if not self._ask(context, _FINE):
            return {"CANCELLED"}
        while answer := session.wait(_PATIENCE):
            if isinstance(answer, Preview | Failure | Lost):
                return {"FINISHED"} if self._take(context, answer) else {"CANCELLED"}
        self.report({"ERROR"}, "The engine does not answer")
        return {"CANCELLED"}

    def _ask(self, context: bpy.types.Context, height: int) -> bool:
        values = layout_of(context.scene.skyloom.direction.layout)
        try:
            session.draw(preferences.engine_python(context), engine_log(), Layout(**values), height)
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return False
        self._shown, self._height, self._waiting, self._asked_at = values, height, True, time.monotonic()
        return True

    def _take(self, context: bpy.types.Context, answer: object) -> bool:
        """Show a drawing; False if there will be none, which is reported."""
        match answer:
            case Preview():
                live_preview.show(context.scene, live_preview.radiance_of(answer))
            case Failure(message=message, hint=hint):
                self.report({"ERROR"}, f"{message} {hint}".strip())
                return False
            case Lost():
                self.report({"ERROR"}, "The engine has stopped")
                return False
        return True
