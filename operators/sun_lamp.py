from typing import ClassVar

import bpy

from ..scene.sun_lamp import add_sun_lamp, has_sun, remove_sun_lamp, sun_lamp


class SKYLOOM_OT_add_sun_lamp(bpy.types.Operator):
    bl_idname = "skyloom.add_sun_lamp"
    bl_label = "Add Matching Sun Lamp"
    bl_description = "Light the scene with a Sun lamp in place of the sky's sun; it follows the sky's sliders"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The world has no sun of Skyloom's, or it has its lamp already")
        return has_sun(context.scene.world) and not sun_lamp(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        add_sun_lamp(context.scene)
        return {"FINISHED"}


class SKYLOOM_OT_remove_sun_lamp(bpy.types.Operator):
    bl_idname = "skyloom.remove_sun_lamp"
    bl_label = "Remove Sun Lamp"
    bl_description = "Remove the lamp and let the sky itself shine as the sun again"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The world has no sun of Skyloom's")
        return has_sun(context.scene.world)

    def execute(self, context: bpy.types.Context) -> set[str]:
        remove_sun_lamp(context.scene)
        return {"FINISHED"}
