from typing import ClassVar

import bpy
from bl_operators.presets import AddPresetBase


class SKYLOOM_OT_add_preset(AddPresetBase, bpy.types.Operator):
    bl_idname = "skyloom.add_preset"
    bl_label = "Add Sky Preset"
    bl_description = (
        "Keep prompt, style, model and all else that is set here, in Model, Direction and Advanced, but for the seed, "
        "under a name; or remove the chosen preset"
    )

    preset_menu = "SKYLOOM_PT_presets"
    preset_subdir = "skyloom"
    preset_defines: ClassVar = ["settings = bpy.context.scene.skyloom"]
    preset_values: ClassVar = [
        f"settings.{name}"
        for name in (
            *("prompt", "negative", "style", "quality", "coherence", "width", "model", "lora", "lora_scale"),
            *("steps", "guidance", "solver", "sync_steps", "sync_weight", "sync_decay", "window", "stride", "sky_only"),
            # Not the reference, which is a picture in this .blend.
            *(f"direction.{name}" for name in ("begin", "layout", "start", "mask", "erase", "strength", "photos")),
            *(f"direction.{name}" for name in ("regions", "control", "control_image", "control_scale")),
        )
    ]
