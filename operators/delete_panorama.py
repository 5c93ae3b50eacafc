from typing import ClassVar

import bpy

from ..folders import absolute
from ..history import sky_at
from ..scene.history import forget


class SKYLOOM_OT_delete_panorama(bpy.types.Operator):
    bl_idname = "skyloom.delete_panorama"
    bl_label = "Delete"
    bl_description = "Delete this sky's files from the disk and forget it here; this cannot be undone"
    bl_options: ClassVar = {"INTERNAL"}

    filepath: bpy.props.StringProperty(name="Sky", description="An EXR that Skyloom made", subtype="FILE_PATH")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Delete This Sky",
            message=f"{absolute(self.filepath).name} and its picture go from the disk",
            confirm_text="Delete",
        )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        path = absolute(self.filepath)
        if not forget(path):
            self.report({"ERROR"}, f"{path.name} is in use in this file. Apply another sky first")
            return {"CANCELLED"}
        if sky_at(path):  # never a file that is not ours
            try:
                path.unlink()
                path.with_suffix(".png").unlink(missing_ok=True)
            except OSError as error:
                self.report({"ERROR"}, f"{path} cannot be deleted: {error.strerror or error}")
                return {"CANCELLED"}
        return {"FINISHED"}
