"""The sub-panel of the skies that were made."""

from typing import ClassVar

import bpy

from .. import preferences
from ..folders import output_folder
from ..scene.history import known_skies
from .cards import draw_cards

PAGE = 6  # skies that are shown at once


class History:
    bl_label = "History"
    bl_description = "The skies in the output folder and in this file"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.skyloom
        skies = known_skies(output_folder(preferences.get(context).output_folder))
        if not skies:
            layout.label(text="The skies that you make appear here", icon="INFO")
            return
        last = -(-len(skies) // PAGE)
        page = min(settings.history_page, last)
        draw_cards(layout, context, skies[(page - 1) * PAGE : page * PAGE], label=lambda sky: sky.job["prompt"])
        if last > 1:
            row = layout.row()
            row.prop(settings, "history_page", text=f"Page (of {last})")
