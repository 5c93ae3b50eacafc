from typing import ClassVar

import bpy

from .. import __package__ as base_package


class SKYLOOM_OT_open_preferences(bpy.types.Operator):
    bl_idname = "skyloom.open_preferences"
    bl_label = "Open Preferences"
    bl_description = "Show Skyloom's preferences, where the engine is chosen"
    bl_options: ClassVar = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        bpy.ops.preferences.addon_show(module=base_package)
        return {"FINISHED"}
