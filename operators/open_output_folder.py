from pathlib import Path
from typing import ClassVar

import bpy

from .. import preferences, session
from ..engine.errors import UnwritableOutput
from ..folders import make_folder, output_folder


class SKYLOOM_OT_open_output_folder(bpy.types.Operator):
    bl_idname = "skyloom.open_output_folder"
    bl_label = "Open Folder"
    bl_description = "Show the folder where the sky is kept, or where the next will be"
    bl_options: ClassVar = {"INTERNAL"}

    filepath: bpy.props.StringProperty(
        name="Sky", description="The sky whose folder is shown", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        result = self.filepath or session.status().result
        folder = Path(result).parent if result else output_folder(preferences.get(context).output_folder)
        try:
            make_folder(folder)
        except UnwritableOutput as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}
