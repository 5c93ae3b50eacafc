"""The sub-panels of pictures that a sky is to be like or to go with: a style reference, the scene around."""

from typing import ClassVar

import bpy

from ..engine.models.kinship import stranger
from ..folders import absolute
from ..job_settings import chosen_model
from ..wrapped_text import draw_text
from .direction_lists import plain


class Reference:
    bl_label = "Style Reference"
    bl_description = "A picture whose look the sky is drawn towards"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = plain(self.layout), context.scene.skyloom
        direction = settings.direction
        layout.template_ID(direction, "reference", open="image.open")
        if not direction.reference:
            return
        column = layout.column()
        column.row().prop(direction, "reference_by", expand=True)
        if direction.reference_by == "CLIP":
            column.prop(direction, "clip")
        column.prop(direction, "reference_strength")
        if settings.coherence == "OFF":
            layout.label(text="Needs coherence, which is off", icon="ERROR")


class Fit:
    bl_label = "Fit My Scene"
    bl_description = "Let the sky go with what stands in the scene"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = plain(self.layout), context.scene.skyloom
        direction = settings.direction
        layout.row().prop(direction, "eye", expand=True)
        column = layout.column(align=True)
        sky = column.operator("skyloom.render_scene_map", text="Visible Sky as Region", icon="MOD_MASK")
        sky.kind, sky.eye = "SKY", direction.eye
        row = column.row(align=True)
        for kind in ("DEPTH", "NORMALS", "LINES"):
            button = row.operator("skyloom.render_scene_map", text=f"Render {kind.title()}")
            button.kind, button.eye = kind, direction.eye
        layout.prop(direction, "control")
        if direction.control and (trouble := stranger(chosen_model(settings), (), str(absolute(direction.control)))):
            draw_text(layout.column(), context, trouble, "ERROR")
        column = layout.column()
        column.active = bool(direction.control)
        column.prop(direction, "control_image")
        column.prop(direction, "control_scale")
