"""Redraws the panel when something was told that it shows."""

import bpy


def redraw(manager: bpy.types.WindowManager) -> None:
    """Redraw the regions that hold the panel, and not the 3D view, which can take long."""
    places = {"PROPERTIES": "WINDOW", "VIEW_3D": "UI"}
    for window in manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if places.get(area.type) == region.type:
                    region.tag_redraw()
