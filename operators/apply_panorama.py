from pathlib import Path
from typing import ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import preferences
from ..engine.errors import BadRequest
from ..engine.light.found import read_light
from ..engine.output.header import read_size
from ..folders import absolute
from ..history import sky_at
from ..properties import TargetProperties
from ..scene.backdrop import set_backdrop
from ..scene.history import remember
from ..scene.images import load_panorama, path_of
from ..scene.sun_lamp import add_sun_lamp, has_sun, remove_sun_lamp
from ..scene.world import adjust, adjustments, set_world, world_panorama


class SKYLOOM_OT_apply_panorama(TargetProperties, ImportHelper, bpy.types.Operator):
    bl_idname = "skyloom.apply_panorama"
    bl_label = "Apply Sky Panorama"
    bl_description = "Set a panorama from disk as the scene's world or backdrop"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filename_ext = ".exr"
    filter_glob: bpy.props.StringProperty(default="*.exr", options={"HIDDEN"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Over a sky of the history: which one it is."""
        sky = sky_at(absolute(properties.filepath)) if properties.filepath else None
        return sky.describe() if sky else cls.bl_description

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            path = absolute(self.filepath)
            size = read_size(path)
            if size and size[0] != 2 * size[1]:
                raise BadRequest(f"{path} is {size[0]} x {size[1]}, not twice as wide as high.", "Choose a panorama.")
            image = load_panorama(path, size)
        except (OSError, RuntimeError, BadRequest) as error:
            self.report({"ERROR"}, f"The panorama cannot be loaded: {error}")
            return {"CANCELLED"}
        remember(image)
        if preferences.get(context).use_pack and not image.packed_file:
            image.pack()
        if self.target == "WORLD":
            kept = adjustments(context.scene.world) if _is_edit(path, context.scene.world) else {}
            had_lamp = remove_sun_lamp(context.scene)  # it stands for the old sky's sun
            set_world(context.scene, image, read_light(path))
            adjust(context.scene.world, kept)
            if had_lamp and has_sun(context.scene.world):
                add_sun_lamp(context.scene)
        else:
            set_backdrop(context.scene, image, self.backdrop_shape, read_light(path))
        return {"FINISHED"}


def _is_edit(path: Path, world: bpy.types.World | None) -> bool:
    """Whether the sky at *path* is the one of *world* with a part made anew, so that its sliders still hold."""
    sky, shown = sky_at(path), world_panorama(world)
    return bool(sky and shown and sky.job.get("mask")) and absolute(sky.job["start"]) == path_of(shown)
