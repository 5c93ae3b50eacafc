"""The menu of the artist's own presets, in the header of the panel."""

import bpy
from bl_ui.utils import PresetPanel


class SKYLOOM_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Sky Presets"
    bl_description = "Settings for new skies that you keep under a name"
    preset_subdir = "skyloom"
    preset_operator = "script.execute_preset"
    preset_add_operator = "skyloom.add_preset"
