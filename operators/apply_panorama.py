from pathlib import Path
from typing import ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper

from ..properties import TargetProperties
from ..scene.backdrop import set_backdrop
from ..scene.images import load_panorama
from ..scene.world import set_world


class SKYLOOM_OT_apply_panorama(TargetProperties, ImportHelper, bpy.types.Operator):
    bl_idname = "skyloom.apply_panorama"
    bl_label = "Apply Sky Panorama"
    bl_description = "Set a panorama from disk as the scene's world or backdrop"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filename_ext = ".exr"
    filter_glob: bpy.props.StringProperty(default="*.exr", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            image = load_panorama(Path(bpy.path.abspath(self.filepath)).absolute())
        except (OSError, RuntimeError) as error:
            self.report({"ERROR"}, f"The panorama cannot be loaded: {error}")
            return {"CANCELLED"}
        if self.target == "WORLD":
            set_world(context.scene, image)
        else:
            set_backdrop(context.scene, image, self.backdrop_shape)
        return {"FINISHED"}
