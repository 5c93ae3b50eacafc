"""Image editors: where a picture is shown to the artist, or opened for painting."""

import bpy


def show_image(context: bpy.types.Context, image: bpy.types.Image, paint: bool = False) -> None:
    """Open *image*, as large as there is room, in an image editor: the screen's own, or one in a new window."""
    window, area = _editor(context)
    space = area.spaces.active
    space.image, space.ui_mode = image, "PAINT" if paint else "VIEW"
    space.show_region_toolbar = space.show_region_tool_header = paint

    def fit() -> None:
        region = next(region for region in area.regions if region.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.image.view_all(fit_view=True)

    bpy.app.timers.register(fit, first_interval=0.1)  # the regions have their sizes once they are drawn


def _editor(context: bpy.types.Context) -> tuple[bpy.types.Window, bpy.types.Area]:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                return window, area
    bpy.ops.wm.window_new()
    window = context.window_manager.windows[-1]
    area = window.screen.areas[0]
    area.type = "IMAGE_EDITOR"
    return window, area
