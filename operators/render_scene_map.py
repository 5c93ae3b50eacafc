from typing import ClassVar

import bpy
import numpy as np
from mathutils import Vector

from .. import preferences
from ..direction_properties import EYES
from ..engine.errors import BadRequest, SkyloomError
from ..folders import make_folder, output_folder
from ..scene.pixels import free_path, save_png
from ..scene.scene_maps import render_map, render_normals


class SKYLOOM_OT_render_scene_map(bpy.types.Operator):
    bl_idname = "skyloom.render_scene_map"
    bl_label = "Render Scene Map"
    bl_description = "Look around in the scene, so that the sky can be made to fit it"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(
        name="Kind",
        description="What is looked for",
        items=(
            ("DEPTH", "Depth", "How far everything is, as the picture that a ControlNet for depth follows"),
            ("LINES", "Lines", "Where things end or bend, as the picture that a ControlNet for line art follows"),
            ("NORMALS", "Normals", "Which way things face, as the picture that a ControlNet for normals follows"),
            ("SKY", "Visible Sky", "A region where the sky is seen: its prompt is for there, and not behind the set"),
        ),
        options={"SKIP_SAVE"},
    )
    eye: bpy.props.EnumProperty(name="From", description="Where to look around", items=EYES)
    width: bpy.props.IntProperty(name="Width", description="Pixels", default=1024, min=64, max=8192, step=64)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return properties.bl_rna.properties["kind"].enum_items[properties.kind].description

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        direction = scene.skyloom.direction
        try:
            values = self._values(scene)
            folder = output_folder(preferences.get(context).output_folder)
            make_folder(folder)
            path = free_path(folder, f"{scene.name}-{self.kind.lower()}")
            picture = np.ones((*values.shape[:2], 4), np.float32)
            picture[..., :3] = values
            save_png(picture, path)
        except (SkyloomError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if self.kind == "SKY":
            region = direction.regions.add()
            region.prompt, region.mask = scene.skyloom.prompt, str(path)
            direction.region = len(direction.regions) - 1
            self.report({"INFO"}, "The panel's own prompt is for what is behind the set: if it stays, it is one sky")
        else:
            direction.control_image = str(path)
        self.report({"INFO"}, f"The picture is kept in {path}")
        return {"FINISHED"}

    def _values(self, scene: bpy.types.Scene) -> np.ndarray:
        """The picture, ``[height, width, 1 or 3]`` in [0, 1]. Raises :class:`SkyloomError`."""
        eye, width = self._eye(scene), self.width // 2 * 2
        if self.kind == "NORMALS":
            return render_normals(scene, eye, width)
        seen = render_map(scene, eye, width)
        if self.kind != "DEPTH" and seen.sky.all():
            raise BadRequest("Nothing stands around: all of the sky is seen.", "Choose another place to look from.")
        if self.kind == "SKY" and not seen.sky.any():
            raise BadRequest("No sky is seen from there.", "Choose another place to look from.")
        if self.kind == "LINES":
            return np.maximum(seen.lines, seen.creases(render_normals(scene, eye, width)))[..., None]
        return (seen.depth if self.kind == "DEPTH" else seen.sky)[..., None]

    def _eye(self, scene: bpy.types.Scene) -> Vector:
        if self.eye == "CURSOR":
            return scene.cursor.location.copy()
        if scene.camera is None:
            raise BadRequest(f"The scene '{scene.name}' has no camera.", "Add one, or choose the 3D cursor.")
        return scene.camera.matrix_world.translation.copy()
