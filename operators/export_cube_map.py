from pathlib import Path
from typing import ClassVar

import bpy

from .. import preferences
from ..engine.errors import EngineLost, SkyloomError
from ..engine.process import EventProcess
from ..engine.protocol import Failure, Finished, Lost
from ..folders import absolute, engine_log
from ..scene.images import path_of
from ..scene.world import world_panorama
from .window_timer import WindowTimer


class SKYLOOM_OT_export_cube_map(WindowTimer, bpy.types.Operator):
    bl_idname = "skyloom.export_cube_map"
    bl_label = "Export Cube Map"
    bl_description = "Write the world's sky, as it was generated, as the six faces of a cube that game engines take"
    bl_options: ClassVar = set()

    directory: bpy.props.StringProperty(name="Folder", description="Where the faces go", subtype="DIR_PATH")
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN"})
    arrangement: bpy.props.EnumProperty(
        name="Arrangement",
        description="How the faces are laid out",
        items=(
            ("FACES", "Six Files", "One file for each face, named px, nx, py, ny, pz, nz as in OpenGL"),
            ("STRIP", "Strip", "One file with the faces side by side, in that order"),
        ),
    )
    file_format: bpy.props.EnumProperty(
        name="Format",
        description="What is written",
        items=(
            ("EXR", "EXR", "Scene-linear, to light with"),
            ("PNG", "PNG", "Tonemapped, to look at"),
        ),
    )
    size: bpy.props.IntProperty(
        name="Face Size",
        description="Pixels of a face; 0 takes a quarter of the panorama's width, at which nothing is lost",
        min=0,
        max=16384,
        subtype="PIXEL",
    )

    tick = 0.2
    _process: ClassVar[EventProcess | None] = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if cls._process:
            cls.poll_message_set("A cube map is being written")
            return False
        cls.poll_message_set("The scene's world is not a sky from Skyloom")
        return world_panorama(context.scene.world) is not None

    @classmethod
    def unregister(cls) -> None:
        cls._stop()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.directory = self.directory or str(path_of(world_panorama(context.scene.world)).parent)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        kind = type(self)
        sky = path_of(world_panorama(context.scene.world))
        if not sky.is_file():
            self.report({"ERROR"}, f"{sky} is gone. Save the packed picture there first")
            return {"CANCELLED"}
        try:
            kind._process = EventProcess(self._command(context, sky), engine_log())
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            while not (ended := self._ended(kind._process.wait())):
                pass
            return ended
        return self.start_timer(context)

    def modal(self, _context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "TIMER" and self._process:
            for said in self._process.poll():
                if ended := self._ended(said):
                    return ended
        return {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        self._stop()

    def _command(self, context: bpy.types.Context, sky: Path) -> list[str]:
        command = [str(preferences.engine_python(context)), "-m", "engine", "cube", str(sky), "--events"]
        command += ["--out", str(absolute(self.directory) if self.directory else sky.parent)]
        command += ["--strip"] if self.arrangement == "STRIP" else []
        command += ["--png"] if self.file_format == "PNG" else []
        return command + (["--size", str(self.size)] if self.size else [])

    def _ended(self, said: object) -> set[str] | None:
        """What the operator returns after the event *said*; None if it goes on."""
        match said:
            case Finished(path=folder):
                self.report({"INFO"}, f"The cube map is in {folder}")
                self._stop()
                return {"FINISHED"}
            case Failure():
                error = said.to_error()
            case Lost(status=status):
                error = EngineLost(f"The engine ended in the middle (exit status {status}).")
            case _:
                return None
        self.report({"ERROR"}, str(error))
        self._stop()
        return {"CANCELLED"}

    @classmethod
    def _stop(cls) -> None:
        cls.stop_timer()
        if cls._process:
            cls._process.close()
        cls._process = None
