"""Redraws the panel, and what is written into 3D views, when something was told that they show."""

import bpy


def redraw(manager: bpy.types.WindowManager) -> None:
    """Redraw the regions that hold the panel, and not the 3D view, which can take long."""
    places = {"PROPERTIES": "WINDOW", "VIEW_3D": "UI"}
    for window in manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if places.get(area.type) == region.type:
                    region.tag_redraw()


def redraw_views(manager: bpy.types.WindowManager) -> None:
    """Redraw the 3D views, into which directions are written: after an operator Blender does for the scene alone."""
    for window in manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
