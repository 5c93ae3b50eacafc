import json
from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np

from .. import preferences, session
from ..engine.errors import BadRequest, SkyloomError
from ..folders import make_folder, output_folder
from ..scene.history import job_of
from ..scene.painting import file_of, ground_mask, painted_mask, sun_mask, write_mask
from ..scene.sun import noted_light
from ..scene.world import world_panorama
from ..styles import NONE

# Degrees around the sun that are painted anew: into the rest of its glare, a model paints a sun again.
_SUN_RADIUS = 28.0
_PLAIN_SKY = "clear sky"


class SKYLOOM_OT_edit_sky(bpy.types.Operator):
    """Makes a mask and hands the job on to skyloom.generate_panorama."""

    bl_idname = "skyloom.edit_sky"
    bl_label = "Edit Sky"
    bl_description = "Make a part of the sky anew; all other pixels stay exactly as they are"
    bl_options: ClassVar = set()

    what: bpy.props.EnumProperty(
        name="What",
        items=(
            ("PAINTED", "Painted Area", "What is painted over becomes what the edit's prompt says"),
            ("CLOUD", "Painted Cloud", "What is painted over becomes clear sky"),
            ("SUN", "Sun", "The sun, the glare around it and its glitter below go"),
            (
                "GROUND",
                "Ground",
                "All below the horizon becomes what the edit's prompt says, or else what the sky's did",
            ),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("The scene's world shows no generated sky, or one is being generated")
        return world_panorama(context.scene.world) is not None and not session.running()

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return properties.bl_rna.properties["what"].enum_items[properties.what].description

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._edit(context, "EXEC_DEFAULT")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return self._edit(context, "INVOKE_DEFAULT")

    def _edit(self, context: bpy.types.Context, how: str) -> set[str]:
        sky = world_panorama(context.scene.world)
        try:
            start = file_of(sky)
            prompt, changes = self._wanted(context, start)
            mask = self._mask(context, sky)
            folder = output_folder(preferences.get(context).output_folder)
            make_folder(folder)
            changes |= {"start": str(start), "mask": str(write_mask(mask, folder, start.stem))}
            done = bpy.ops.skyloom.generate_panorama(how, prompt=prompt, target="WORLD", other=json.dumps(changes))
        except (SkyloomError, OSError, RuntimeError) as error:
            self.report({"ERROR"}, str(error).strip())
            return {"CANCELLED"}
        return {"CANCELLED"} if done == {"CANCELLED"} else {"FINISHED"}

    def _wanted(self, context: bpy.types.Context, start: Path) -> tuple[str, dict[str, Any]]:
        """The prompt of the edit, and what else of its job is not as the scene's settings have it."""
        edit_prompt = context.scene.skyloom.edit_prompt
        changes: dict[str, Any] = {"width": None, "exposure": None}  # both would change all of the picture
        if self.what == "PAINTED":
            if not edit_prompt:
                raise BadRequest("It is not said what the painted area shall become.", "Describe it in the panel.")
            return edit_prompt, changes
        changes["style"] = NONE
        if self.what == "GROUND":
            changes["feather"] = 0.0  # the horizon is an edge, and what was on the old ground must not last below it
            return edit_prompt or job_of(start)["prompt"], changes
        changes["erase"] = True
        if self.what == "SUN":
            prompt = f"{job_of(start)['prompt']}, no sun in view"
            return prompt, changes | {"sun": "off", "negative": "sun, glare, facing the sun"}
        return _PLAIN_SKY, changes | {"negative": "clouds"}

    def _mask(self, context: bpy.types.Context, sky: bpy.types.Image) -> np.ndarray:
        if self.what == "GROUND":
            return ground_mask(tuple(sky.size))
        if self.what != "SUN":
            return painted_mask(sky)
        light = noted_light(context.scene.world)
        if not light or light["kind"] == "none" or not light["seen"]:
            raise BadRequest("No sun or moon is seen in this sky.", "Paint over what shall go.")
        return sun_mask(tuple(sky.size), light["azimuth"], light["elevation"], _SUN_RADIUS)
