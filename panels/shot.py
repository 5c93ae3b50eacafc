"""The sub-panel of several skies for one shot: a list of prompts, and a sheet of the shot in each."""

from typing import ClassVar

import bpy

from .direction_lists import draw_list


class SKYLOOM_UL_ideas(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property) -> None:
        layout.prop(item, "prompt", text="", emboss=False, placeholder="Describe a sky")


class Shot:
    bl_label = "Skies for This Shot"
    bl_description = "A sky for each of several prompts, and the scene's camera's view in each of them on one sheet"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, direction = self.layout, context.scene.skyloom.direction
        draw_list(layout, direction, "idea")
        prompts = [idea.prompt for idea in direction.ideas if idea.prompt.strip()]
        column = layout.column()
        column.enabled = bool(prompts and context.scene.camera)
        button = column.operator("skyloom.generate_panorama", text=f"Generate {len(prompts)} Skies", icon="CAMERA_DATA")
        button.prompts, button.sheet = "\n".join(prompts), True
        if not context.scene.camera:
            layout.label(text="The scene has no camera", icon="ERROR")
