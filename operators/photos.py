"""The list of photos: add, remove."""

import bpy
from bpy_extras.io_utils import ImportHelper


class SKYLOOM_OT_add_photo(ImportHelper, bpy.types.Operator):
    bl_idname = "skyloom.add_photo"
    bl_label = "Add Photo"
    bl_description = "Add a photo that the sky is painted around"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(default="*.png;*.jpg;*.jpeg;*.tif;*.exr", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction = context.scene.skyloom.direction
        direction.photos.add().file = self.filepath
        direction.photo = len(direction.photos) - 1
        return {"FINISHED"}


class SKYLOOM_OT_remove_photo(bpy.types.Operator):
    bl_idname = "skyloom.remove_photo"
    bl_label = "Remove Photo"
    bl_description = "Remove the chosen photo"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene.skyloom.direction.photos)

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction = context.scene.skyloom.direction
        direction.photos.remove(direction.photo)
        direction.photo = max(0, direction.photo - 1)
        return {"FINISHED"}
