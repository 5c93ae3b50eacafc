import json
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np

from .. import preferences, session
from ..engine.errors import BadRequest
from ..engine.job import BUNDLED_MODEL
from ..folders import make_folder, output_folder
from ..job_settings import chosen_model
from ..scene.history import job_of
from ..scene.images import size_of
from ..scene.painting import ToMask, file_of, ground_mask, painted_mask, without_sun
from ..scene.pixels import free_path, png, write
from ..scene.sun import noted_light
from ..scene.world import world_panorama
from ..styles import NONE
from .in_pieces import InPieces

# Degrees around the sun that stay where a cloud before it goes, so that it comes out.
_SUN_KEPT = 2.5
_PLAIN_SKY = "clear sky"


class SKYLOOM_OT_edit_sky(InPieces, bpy.types.Operator):
    """Makes a mask and hands the job on to skyloom.generate_panorama."""

    bl_idname = "skyloom.edit_sky"
    bl_label = "Edit Sky"
    bl_description = "Make a part of the sky anew; all other pixels stay exactly as they are"
    bl_options: ClassVar = set()

    what: bpy.props.EnumProperty(
        name="What",
        description="Which part, and what it becomes",
        items=(
            ("PAINTED", "Painted Area", "What is painted over becomes what the edit's prompt says"),
            ("CLOUD", "Painted Cloud", "What is painted over becomes clear sky, out of which a sun behind it comes"),
            ("SUN", "Sun", "The sun, its glow as far as it reaches and its glitter below go"),
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
        return world_panorama(context.scene.world) is not None and not session.running() and not cls.running()

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return properties.bl_rna.properties["what"].enum_items[properties.what].description

    def pieces(self, context: bpy.types.Context, how: str) -> Generator[Callable[[], Any] | None, Any, set[str]]:
        scene, sky = context.scene, world_panorama(context.scene.world)
        edited = (scene.session_uid, sky.session_uid)
        start = file_of(sky)
        prompt, changes = self._wanted(context, start)
        folder = output_folder(preferences.get(context).output_folder)
        make_folder(folder)
        to_mask = yield from self._mask(scene.world, sky)
        picture = (yield lambda: png(to_mask().astype(np.uint8) * 255)) if to_mask else None
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == edited[0]), None)
        sky = world_panorama(scene.world) if scene else None
        if sky is None or sky.session_uid != edited[1]:
            raise BadRequest("The sky to edit is not in the world any more.", "Set it again, and edit it then.")
        changes["start"] = str(start)
        if picture:
            mask = free_path(folder, f"{start.stem}-mask")
            write(picture, mask)
            changes["mask"] = str(mask)
        with bpy.context.temp_override(scene=scene):
            done = bpy.ops.skyloom.generate_panorama(how, prompt=prompt, target="WORLD", other=json.dumps(changes))
        return {"CANCELLED"} if done == {"CANCELLED"} else {"FINISHED"}

    def _wanted(self, context: bpy.types.Context, start: Path) -> tuple[str, dict[str, Any]]:
        """The prompt of the edit, and what else of its job is not as the scene's settings have it."""
        edit_prompt = context.scene.skyloom.edit_prompt
        changes: dict[str, Any] = {"width": None, "exposure": None}  # both would change all of the picture
        drawn = {"draw_named": chosen_model(context.scene.skyloom) == BUNDLED_MODEL}  # larger ones paint it better
        if self.what == "PAINTED":
            if not edit_prompt:
                raise BadRequest("It is not said what the painted area shall become.", "Describe it in the panel.")
            return edit_prompt, changes | drawn
        changes["style"] = NONE
        if self.what == "GROUND":
            changes["feather"] = 0.0  # the horizon is an edge, and what was on the old ground must not last below it
            return edit_prompt or job_of(start)["prompt"], changes | drawn
        changes["erase"] = True
        if self.what == "SUN":
            prompt = f"{job_of(start)['prompt']}, no sun in view"
            return prompt, changes | {"sun": "off", "negative": "sun, glare, facing the sun"}
        return _PLAIN_SKY, changes | {"negative": "clouds"}

    def _mask(self, world: bpy.types.World, sky: bpy.types.Image) -> Generator[None, None, ToMask | None]:
        """None if the engine finds by itself what is to go."""
        if self.what == "GROUND":
            return partial(ground_mask, size_of(sky))
        light = noted_light(world)
        place = (light["azimuth"], light["elevation"]) if light and light["kind"] != "none" and light["seen"] else None
        if self.what == "SUN":
            if place is None:
                raise BadRequest("No sun or moon is seen in this sky.", "Paint over what shall go.")
            return None
        to_mask = yield from painted_mask(sky)
        return partial(without_sun, to_mask, *place, _SUN_KEPT) if place and self.what == "CLOUD" else to_mask
