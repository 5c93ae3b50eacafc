from pathlib import Path
from typing import ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper

from ..batch_stills import make_skies, render_stills
from ..engine.batch.shots import read_shots
from ..engine.errors import SkyloomError
from ..engine.protocol import Event, ShotEnd


class SKYLOOM_OT_batch(ImportHelper, bpy.types.Operator):
    """For scripts: it waits for all skies, and raises if one of them failed. The command line shows progress."""

    bl_idname = "skyloom.batch"
    bl_label = "Generate Skies of a Shot List"
    bl_description = "Generate every sky of a shot list that is not there yet, and render the scene in each if asked to"
    bl_options: ClassVar = set()

    filename_ext = ".toml"
    filter_glob: bpy.props.StringProperty(default="*.toml;*.csv", options={"HIDDEN"})
    folder: bpy.props.StringProperty(
        name="Folder",
        description="Where the skies go; empty makes a folder named after the shot list beside it",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )
    render: bpy.props.BoolProperty(
        name="Render",
        description="Render the scene in each sky, to a picture beside it",
        options={"SKIP_SAVE"},
    )
    ray: bpy.props.StringProperty(
        name="Ray Cluster",
        description="Make the skies on the Ray cluster at HOST:PORT, or auto for this machine's; empty makes them here",
        options={"SKIP_SAVE"},
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        folder = Path(bpy.path.abspath(self.folder)).absolute() if self.folder else path.with_suffix("")
        try:
            shots = read_shots(path, folder)
            if self.render and any(shot.blend for shot in shots):
                raise SkyloomError(
                    "The shot list names .blend files, which would replace the open one.",
                    "Use `blender --background --command skyloom batch`.",
                )
            cluster = ["--ray", self.ray] if self.ray else []
            ended = make_skies([str(path), "--out", str(folder), *cluster], _tell)
        except SkyloomError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        failed = sum(status == "failed" for status in ended.values())
        if self.render:
            failed += render_stills(shots, ended, lambda text: print(f"Skyloom: {text}", flush=True))
        if failed:
            self.report({"ERROR"}, f"{failed} of the shots failed. {folder / 'summary.txt'} says why")
            return {"CANCELLED"}
        return {"FINISHED"}


def _tell(event: Event) -> None:
    if isinstance(event, ShotEnd):
        print(f"Skyloom: line {event.line}: {event.status} {event.exr} {event.message}".rstrip(), flush=True)
