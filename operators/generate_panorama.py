from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import bpy

from .. import preferences, session
from ..engine.errors import BadRequest, SkyloomError
from ..engine.job import SEED_LIMIT, WIDTH_RANGE, Job
from ..engine.models.kinship import check_kinship
from ..engine.protocol import Cancelled, Failure, Preview, Result
from ..folders import absolute, engine_log, make_folder, output_folder
from ..generation import Task
from ..job_settings import job_from
from ..naming import sky_path
from ..panels.redraw import redraw
from ..panels.thumbnails import show_live
from ..properties import JobProperties
from ..scene import live_preview
from ..scene.contact_sheet import check_camera
from .window_timer import WindowTimer


class SKYLOOM_OT_generate_panorama(JobProperties, WindowTimer, bpy.types.Operator):
    """In a window it returns at once and follows the engine from a timer; called from a script it waits for the sky."""

    bl_idname = "skyloom.generate_panorama"
    bl_label = "Generate Sky Panorama"
    bl_description = "Generate a seamless 360-degree sky from the prompt and set it as world or backdrop"
    # No UNDO: the step that changes the scene is skyloom.apply_panorama. No REGISTER: Repeat Last would block.
    bl_options: ClassVar = set()

    width: bpy.props.IntProperty(
        name="Width",
        description="Width of the panorama in pixels, the height is half of it; 0 uses the model's own",
        min=0,
        max=WIDTH_RANGE[1],
        options={"SKIP_SAVE"},
    )
    out: bpy.props.StringProperty(
        name="Output",
        description="The EXR file to write; empty makes a new file in the output folder",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    other: bpy.props.StringProperty(
        name="Other Settings",
        description="Fields of a job as JSON, in place of the scene's settings. "
        "A start or a layout among them takes the place of all that is set to direct the sky",
        options={"SKIP_SAVE"},
    )
    variations: bpy.props.IntProperty(
        name="Variations",
        description="How many skies to make, each from a seed of its own; of several none is set before one is picked",
        default=1,
        min=1,
        max=16,
        options={"SKIP_SAVE"},
    )
    prompts: bpy.props.StringProperty(
        name="Prompts",
        description="Several prompts, one a line, in place of one: a sky for each, of which none is set",
        options={"SKIP_SAVE"},
    )
    sheet: bpy.props.BoolProperty(
        name="Contact Sheet",
        description="Afterwards render the scene, small, in each of several skies, onto one picture",
        options={"SKIP_SAVE"},
    )

    tick = 0.1

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        cls.poll_message_set("A sky is being generated already: wait for it or cancel it")
        return not session.running() and not cls.running()  # the timer outlives the run while the artist is dragging

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        several = "Generate several skies from the prompt, to pick one from; the scene stays as it is until then"
        return several if properties.variations > 1 else cls.bl_description

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if not self._start(context, previews=True):
            return {"CANCELLED"}
        redraw(context.window_manager)
        return self.start_timer(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._generation.cancel()
            redraw(context.window_manager)
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            if self._generation.update():
                self._show_preview()
                redraw(context.window_manager)
            if self._generation.outcome and not _is_dragging(context.window_manager):
                self.stop_timer()
                return self._conclude(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender does not wait: nobody is left to take the sky."""
        super().cancel(context)
        show_live(None)
        session.close(grace=0.2)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self._start(context):
            return {"CANCELLED"}
        generation, told = self._generation, ""
        try:
            while not generation.outcome:
                generation.update(wait=self.tick)
                if generation.status.stage != told:
                    told = generation.status.stage
                    print(f"Skyloom: {told}", flush=True)
        finally:
            if not generation.outcome:  # interrupted from the keyboard
                session.close()
        return self._conclude(context)

    def _start(self, context: bpy.types.Context, previews: bool = False) -> bool:
        """Send the jobs to the engine; False if that cannot be done, which is reported."""
        self._scene_uid = context.scene.session_uid  # a reference would not survive undo or the scene's deletion
        self._target, self._shape = (self._setting(context, name) for name in ("target", "backdrop_shape"))
        try:
            python = preferences.engine_python(context)
            self._generation = session.start(python, engine_log(), self._tasks(context), previews)
        except SkyloomError as error:
            self._fail(context, error)
            return False
        self._preview: Preview | None = None
        return True

    def _tasks(self, context: bpy.types.Context) -> list[Task]:
        """One job, or several that differ in their seeds: random ones, or those that follow. Raises SkyloomError."""
        if self.sheet:
            check_camera(context.scene)
        prompts = [line.strip() for line in self.prompts.splitlines() if line.strip()] or [None]
        asked = [job_from(context.scene.skyloom, self, prompt) for prompt in prompts]
        chosen, tasks = preferences.get(context), dict[Path, Job]()
        if self.out and self._several:
            raise BadRequest("Several skies do not fit into one output file.", "Leave out the output.")
        folder = output_folder(chosen.output_folder)
        make_folder(absolute(self.out).parent if self.out else folder)
        for job in asked:
            check_kinship(job.model, [file for file, _ in job.loras], job.control)
        for wanted, number in product(asked, range(self.variations)):
            random = wanted.seed is None
            job = wanted.with_seed() if random else replace(wanted, seed=(wanted.seed + number) % SEED_LIMIT)
            named = absolute(bpy.path.ensure_ext(self.out, ".exr")) if self.out else None
            tasks[named or sky_path(folder, chosen.file_name, job, tasks)] = job
        return [(job, out) for out, job in tasks.items()]

    def _setting(self, context: bpy.types.Context, name: str) -> Any:
        return getattr(self if self.properties.is_property_set(name) else context.scene.skyloom, name)

    def _conclude(self, context: bpy.types.Context) -> set[str]:
        show_live(None)
        if scene := self._scene():
            live_preview.end(scene)
        redraw(context.window_manager)
        match self._generation.outcome:
            case Result() if self._several:
                self.report({"INFO"}, f"Pick one of the {len(self._generation.status.results)} skies in the panel")
                return self._render_sheet(context) if self.sheet else {"FINISHED"}
            case Result() as result:
                return self._apply(context, result)
            case Failure(message=message, hint=hint):
                self._tell(message, hint)
            case Cancelled():
                self.report({"INFO"}, "Cancelled: the scene is as it was")
        return {"CANCELLED"}

    @property
    def _several(self) -> bool:
        """Whether there may be more skies than one, of which none is set."""
        return self.variations > 1 or bool(self.prompts)

    def _render_sheet(self, context: bpy.types.Context) -> set[str]:
        scene = self._scene()
        if not scene:
            return {"FINISHED"}
        try:
            with context.temp_override(scene=scene):
                return bpy.ops.skyloom.contact_sheet()
        except RuntimeError as error:
            return self._fail(context, SkyloomError(str(error).strip()))

    def _apply(self, context: bpy.types.Context, result: Result) -> set[str]:
        scene = self._scene()
        if not scene:
            message = "The scene that the sky was made for is gone."
            return self._fail(context, SkyloomError(message, f"The sky is kept in {result.exr}."))
        scene.skyloom.seed = result.job["seed"]
        try:
            with context.temp_override(scene=scene):
                bpy.ops.skyloom.apply_panorama(
                    "EXEC_DEFAULT", True, filepath=result.exr, target=self._target, backdrop_shape=self._shape
                )
        except RuntimeError as error:
            return self._fail(context, SkyloomError(str(error).strip(), f"The sky is kept in {result.exr}."))
        self.report({"INFO"}, f"The sky is kept in {result.exr}")
        return {"FINISHED"}

    def _scene(self) -> bpy.types.Scene | None:
        """The scene that the sky is for, unless it was deleted meanwhile."""
        return next((scene for scene in bpy.data.scenes if scene.session_uid == self._scene_uid), None)

    def _show_preview(self) -> None:
        """In the panel, and in the world if that is asked for."""
        preview, scene = self._generation.status.preview, self._scene()
        if preview is self._preview:
            return
        self._preview = preview
        radiance = preview and live_preview.radiance_of(preview)
        show_live(radiance)
        if scene and radiance is not None and scene.skyloom.preview_in_world and self._target == "WORLD":
            live_preview.show(scene, radiance)

    def _fail(self, context: bpy.types.Context, error: SkyloomError) -> set[str]:
        session.fail(error)
        redraw(context.window_manager)
        self._tell(error.message, error.hint)
        return {"CANCELLED"}

    def _tell(self, message: str, hint: str) -> None:
        self.report({"ERROR"}, f"{message} \n{hint}".strip())  # the status bar drops the line break, not the space


def _is_dragging(manager: bpy.types.WindowManager) -> bool:
    """Whether the artist is moving or painting something: an undo step in the middle of that would break it."""
    return any("BLOCKING" in operator.bl_options for window in manager.windows for operator in window.modal_operators)
