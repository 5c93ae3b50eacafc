from typing import ClassVar

import bpy

from .. import downloads, preferences
from ..engine.errors import SkyloomError
from ..engine.models.store import find_entry
from ..engine.protocol import Cancelled, Downloaded, Failure
from ..engine.wording import size
from ..folders import engine_log
from ..panels.redraw import redraw

TICK = 0.2  # seconds between two looks at what the engine said
OFFLINE = "Blender may not go online. Allow it under Preferences > System > Network"


class SKYLOOM_OT_download_model(bpy.types.Operator):
    """In a window it returns at once and a timer follows the download; called from a script it waits for the model."""

    bl_idname = "skyloom.download_model"
    bl_label = "Download"
    bl_description = "Show the licence of this model and download it; what an earlier download left is used"
    bl_options: ClassVar = {"INTERNAL"}

    name: bpy.props.StringProperty(name="Model", description="Its name in the catalogue", options={"SKIP_SAVE"})
    accept_licence: bpy.props.BoolProperty(
        name="Accept Licence",
        description="You have read the model's licence and accept it",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("A model is being downloaded already" if bpy.app.online_access else OFFLINE)
        return bpy.app.online_access and not downloads.running()

    @classmethod
    def unregister(cls) -> None:
        if bpy.app.timers.is_registered(_follow):
            bpy.app.timers.unregister(_follow)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self.accept_licence = True  # by the button of the dialog
        return context.window_manager.invoke_props_dialog(
            self, width=420, title="Download a Model", confirm_text="Accept and Download"
        )

    def draw(self, _context: bpy.types.Context) -> None:
        entry = find_entry(self.name)
        column = self.layout.column()
        column.label(text=f"{entry.title} \N{MIDDLE DOT} {size(entry.megabytes * 1e6)}", icon="IMPORT")
        column.label(text=entry.about, icon="BLANK1")
        column.separator()
        column.label(text=f"Licence: {entry.licence}", icon="TEXT")
        column.operator("wm.url_open", text="Read the Licence", icon="URL").url = entry.licence_link
        column.operator("wm.url_open", text="The Model's Page", icon="URL").url = entry.page

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            entry = find_entry(self.name)
            if not self.accept_licence:
                raise SkyloomError(
                    f"The licence of {entry.title} was not accepted: {entry.licence}, {entry.licence_link}",
                    "Read it and pass accept_licence=True.",
                )
            python = preferences.engine_python(context)
            download = downloads.start(python, engine_log(), entry.name)
        except SkyloomError as error:
            downloads.fail(self.name, error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.app.timers.register(_follow, first_interval=TICK, persistent=True)
            return {"FINISHED"}
        try:
            while not download.outcome:
                download.update(wait=TICK)
        finally:
            downloads.cancel()  # interrupted from the keyboard
        match download.outcome:
            case Failure(message=message, hint=hint):
                self.report({"ERROR"}, f"{message} {hint}".strip())
            case Downloaded(path=path):
                self.report({"INFO"}, f"The model is in {path}")
                return {"FINISHED"}
            case Cancelled():
                self.report({"INFO"}, "Cancelled: what was downloaded is kept")
        return {"CANCELLED"}


def _follow() -> float | None:
    """Take in what the running download tells; None, which ends the timer, when it has ended."""
    if not bpy.app.online_access:
        downloads.cancel()  # switched off meanwhile
    if downloads.update() or not downloads.running():
        redraw(bpy.context.window_manager)
    return TICK if downloads.running() else None
