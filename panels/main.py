"""The panel itself, and its sub-panel of what artists seldom need."""

from typing import ClassVar

import bpy

from .layout import draw_advanced, draw_main
from .presets import SKYLOOM_PT_presets


class Main:
    bl_label = "Skyloom"
    bl_description = "Skies from a description"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        SKYLOOM_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        draw_main(self.layout, context)


class Advanced:
    bl_label = "Advanced"
    bl_description = "Steps, and how the parts of the panorama are drawn together"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_advanced(self.layout, context)
