from pathlib import Path
from typing import ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper

from ..engine.errors import BadRequest, SkyloomError
from ..engine.models.kinship import check_kinship
from ..engine.models.store import find_entry, installed
from ..folders import absolute
from ..job_settings import chosen_model


class SKYLOOM_OT_choose_model(bpy.types.Operator):
    bl_idname = "skyloom.choose_model"
    bl_label = "Choose Model"
    bl_description = "Let this model paint the sky, or put this LoRA on or off"
    bl_options: ClassVar = {"INTERNAL", "UNDO"}

    name: bpy.props.StringProperty(name="Model", description="Its name in the catalogue", options={"SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return find_entry(properties.name).about

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the model the scene's, or put the LoRA on or off."""
        settings = context.scene.skyloom
        try:
            entry = find_entry(self.name)
            if entry.kind == "lora" and settings.lora != entry.name and installed(entry):
                check_kinship(chosen_model(settings), [entry.name])
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if entry.kind == "lora":
            settings.lora = "" if settings.lora == entry.name else entry.name
            settings.lora_scale = entry.scale
        else:
            settings.model = entry.name
        return {"FINISHED"}


class SKYLOOM_OT_open_model(ImportHelper, bpy.types.Operator):
    bl_idname = "skyloom.open_model"
    bl_label = "Open Model"
    bl_description = "Choose a model on this computer: the model_index.json of a folder, or a single safetensors file"
    bl_options: ClassVar = {"INTERNAL", "UNDO"}

    filename_ext = ".safetensors"
    filter_glob: bpy.props.StringProperty(default="*.safetensors;model_index.json", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = absolute(self.filepath)
        context.scene.skyloom.model = str(path if path.suffix == ".safetensors" else _folder(path))
        return {"FINISHED"}


class SKYLOOM_OT_open_lora(ImportHelper, bpy.types.Operator):
    bl_idname = "skyloom.open_lora"
    bl_label = "Open LoRA"
    bl_description = "Choose a LoRA on this computer: a safetensors file that was made for the model's family"
    bl_options: ClassVar = {"INTERNAL", "UNDO"}

    filename_ext = ".safetensors"
    filter_glob: bpy.props.StringProperty(default="*.safetensors", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings, path = context.scene.skyloom, absolute(self.filepath)
        try:
            if not path.is_file() or path.suffix != ".safetensors":
                raise BadRequest(f"{path} is no LoRA.", "Choose a safetensors file.")
            check_kinship(chosen_model(settings), [str(path)])
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        settings.lora = str(path)
        settings.property_unset("lora_scale")
        return {"FINISHED"}


class SKYLOOM_OT_close_lora(bpy.types.Operator):
    bl_idname = "skyloom.close_lora"
    bl_label = "Take LoRA Off"
    bl_description = "Paint the next sky without this LoRA"
    bl_options: ClassVar = {"INTERNAL", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.skyloom.property_unset("lora")
        return {"FINISHED"}


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent
