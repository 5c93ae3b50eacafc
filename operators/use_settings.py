from typing import ClassVar

import bpy

from ..engine.errors import BadRequest
from ..folders import absolute
from ..job_settings import use_job
from ..scene.history import job_of


class SKYLOOM_OT_use_settings(bpy.types.Operator):
    bl_idname = "skyloom.use_settings"
    bl_label = "Use These Settings"
    bl_description = "Set prompt, seed and everything else as for this sky, so that generating makes it again"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(name="Sky", description="An EXR that Skyloom made", subtype="FILE_PATH")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            use_job(context.scene.skyloom, job_of(absolute(self.filepath)))
        except BadRequest as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
