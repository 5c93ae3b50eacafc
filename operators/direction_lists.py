"""The lists of regions and photos: add, remove, point."""

from typing import ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper
from mathutils import Vector

from ..panels.redraw import redraw_views
from ..scene.sun import azimuth_elevation


def _append(context: bpy.types.Context, name: str) -> bpy.types.PropertyGroup:
    """A new item in the list of *name*, a word in the singular; it is the chosen one."""
    direction = context.scene.skyloom.direction
    items = getattr(direction, f"{name}s")
    items.add()
    setattr(direction, name, len(items) - 1)
    return items[-1]


class SKYLOOM_OT_add_region(bpy.types.Operator):
    bl_idname = "skyloom.add_region"
    bl_label = "Add Region"
    bl_description = "Add a part of the sky with a prompt of its own"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        region = _append(context, "region")
        region.azimuth = 90.0 * len(context.scene.skyloom.direction.regions) % 360
        redraw_views(context.window_manager)
        return {"FINISHED"}


class SKYLOOM_OT_add_photo(ImportHelper, bpy.types.Operator):
    bl_idname = "skyloom.add_photo"
    bl_label = "Add Photo"
    bl_description = "Add a photo that the sky is painted around"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default="*.png;*.jpg;*.jpeg;*.tif;*.exr", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        photo = _append(context, "photo")
        photo.file, photo.use_noted = self.filepath, True
        return {"FINISHED"}


class SKYLOOM_OT_add_idea(bpy.types.Operator):
    bl_idname = "skyloom.add_idea"
    bl_label = "Add Prompt"
    bl_description = "Add a prompt for another sky of this shot"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        _append(context, "idea").prompt = context.scene.skyloom.prompt
        return {"FINISHED"}


class SKYLOOM_OT_remove_part(bpy.types.Operator):
    bl_idname = "skyloom.remove_part"
    bl_label = "Remove"
    bl_description = "Remove what is chosen in the list"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(
        name="List",
        description="From which list",
        items=(
            ("region", "Region", "A prompt by direction"),
            ("photo", "Photo", "A photo"),
            ("idea", "Prompt", "A prompt of a sky for the shot"),
        ),
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction = context.scene.skyloom.direction
        chosen = getattr(direction, self.kind)
        getattr(direction, f"{self.kind}s").remove(chosen)
        setattr(direction, self.kind, max(0, chosen - 1))
        redraw_views(context.window_manager)
        return {"FINISHED"}


class SKYLOOM_OT_set_from_view(bpy.types.Operator):
    bl_idname = "skyloom.set_from_view"
    bl_label = "Set from View"
    bl_description = "Point it where the 3D view, or else the camera, looks"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    what: bpy.props.EnumProperty(
        name="What",
        description="What gets that direction",
        items=(
            ("REGION", "Region", "The chosen prompt by direction"),
            ("PHOTO", "Photo", "The chosen photo"),
            ("SUN", "Sun", "The layout's sun or moon"),
            ("CLOUD", "Cloud", "The layout's cumulonimbus"),
            ("SEA", "Sea", "The layout's sea"),
            ("CITY", "City", "The layout's city"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("There is neither a 3D view nor a camera")
        return _ahead(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        direction, ahead = context.scene.skyloom.direction, _ahead(context)
        azimuth, elevation = (round(angle, 1) for angle in azimuth_elevation(ahead))
        if self.what in ("CLOUD", "SEA", "CITY"):
            setattr(direction.layout, f"{self.what.lower()}_azimuth", azimuth)
            return {"FINISHED"}
        items, chosen = {
            "REGION": (direction.regions, direction.region),
            "PHOTO": (direction.photos, direction.photo),
            "SUN": ([direction.layout], 0),
        }[self.what]
        if not chosen < len(items):
            self.report({"ERROR"}, f"There is no {self.what.lower()} to point")
            return {"CANCELLED"}
        items[chosen].azimuth = azimuth
        if self.what == "PHOTO":
            items[chosen].use_noted = False
        redraw_views(context.window_manager)
        if self.what != "REGION":  # a region is a sector, from the horizon up or not
            items[chosen].elevation = elevation
        return {"FINISHED"}


def _ahead(context: bpy.types.Context) -> Vector | None:
    """Where the 3D view looks that the panel is in, else the screen's first, else the camera; None without any."""
    screen = context.screen
    areas = [area for area in screen.areas if area.type == "VIEW_3D"] if screen and not bpy.app.background else []
    if areas:
        view = context.area if context.area in areas else areas[0]
        return view.spaces.active.region_3d.view_matrix.inverted().to_quaternion() @ Vector((0, 0, -1))
    camera = context.scene.camera
    return camera.matrix_world.to_quaternion() @ Vector((0, 0, -1)) if camera else None
