from math import log2
from typing import ClassVar

import bpy

from ..scene.sun import noted_light
from ..scene.world import sky_node


class SKYLOOM_OT_expose_white_card(bpy.types.Operator):
    bl_idname = "skyloom.expose_white_card"
    bl_label = "Expose for White"
    bl_description = "Set the exposure so that a white card lying under the sky is white and no brighter"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The world is no sky that Skyloom made")
        return bool(sky_node(context.scene.world) and (noted_light(context.scene.world) or {}).get("white_card"))

    def execute(self, context: bpy.types.Context) -> set[str]:
        card = noted_light(context.scene.world)["white_card"]
        sky_node(context.scene.world).inputs["Exposure"].default_value = -log2(card)
        return {"FINISHED"}
