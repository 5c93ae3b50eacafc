from typing import ClassVar

import bpy

from ..engine.errors import SkyloomError
from ..engine.models.store import find_entry, remove
from ..engine.wording import size


class SKYLOOM_OT_remove_model(bpy.types.Operator):
    bl_idname = "skyloom.remove_model"
    bl_label = "Remove"
    bl_description = "Delete this model from the disk, or what an interrupted download of it left"
    bl_options: ClassVar = {"INTERNAL"}

    name: bpy.props.StringProperty(name="Model", description="Its name in the catalogue", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        entry = find_entry(self.name)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Remove {entry.title}",
            message=f"To use it again takes another download of {size(entry.megabytes * 1e6)}",
            confirm_text="Remove",
        )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        try:
            freed = remove(find_entry(self.name))
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{size(freed)} are free again")
        return {"FINISHED"}
