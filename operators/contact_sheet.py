from pathlib import Path
from typing import ClassVar

import bpy

from .. import preferences, session
from ..editors import show_image
from ..engine.errors import BadRequest, SkyloomError
from ..folders import absolute, make_folder, output_folder
from ..scene.contact_sheet import render_sheet
from ..scene.history import job_of
from ..scene.pixels import free_path


class SKYLOOM_OT_contact_sheet(bpy.types.Operator):
    """It waits for its renders, which are small."""

    bl_idname = "skyloom.contact_sheet"
    bl_label = "Contact Sheet"
    bl_description = "Render the shot, small, in each of the skies that were made last, onto one picture"
    bl_options: ClassVar = set()

    out: bpy.props.StringProperty(
        name="Output",
        description="The PNG to write; empty makes a new file in the output folder",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("A sky is being generated")
        return not session.running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            skies = [Path(path) for path in session.status().results]
            if not skies:
                raise BadRequest("There are no skies to render the shot in.", "Generate some first.")
            folder = output_folder(preferences.get(context).output_folder)
            make_folder(folder)
            sheet = absolute(self.out) if self.out else free_path(folder, f"{context.scene.name}-skies")
            render_sheet(context.scene, [(sky, job_of(sky)["prompt"]) for sky in skies], sheet)
        except (SkyloomError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            show_image(context, bpy.data.images.load(str(sheet)))
        self.report({"INFO"}, f"The contact sheet is kept in {sheet}")
        return {"FINISHED"}
