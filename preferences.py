"""What belongs to the machine and not to a scene: the engine's Python and where skies are kept."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from . import __package__ as base_package
from .engine.setup.builds import builds_here
from .engine.setup.place import State
from .engine_preferences import draw_engine
from .folders import engine_folder, python_in_use
from .naming import PATTERN


class SKYLOOM_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = base_package

    engine_python: StringProperty(
        name="Engine Python",
        description="The Python interpreter of the engine's environment; empty uses the one that was set up last",
        subtype="FILE_PATH",
    )
    build: EnumProperty(
        name="Computing On",
        description="Which build of PyTorch the engine gets",
        items=[
            ("auto", "Automatic", "What suits this computer"),
            *((build.name, build.label, build.about) for build in builds_here().values()),
        ],
    )
    package_folder: StringProperty(
        name="Package Folder",
        description="A folder that holds all packages, to install from it without the internet; empty downloads them",
        subtype="DIR_PATH",
    )
    output_folder: StringProperty(
        name="Output Folder",
        description=(
            "Where generated skies are kept; a folder that begins with // lies beside the .blend file. "
            "While the file is unsaved, skies go into Blender's own user folder"
        ),
        subtype="DIR_PATH",
        default="//skies/",
    )
    file_name: StringProperty(
        name="File Name",
        description="Pattern for the names of new skies: {prompt}, {seed}, {model}, {date} and {time} are filled in",
        default=PATTERN,
    )
    use_pack: BoolProperty(
        name="Pack Into .blend",
        description="Keep a copy of each sky that is set inside the .blend file, which then needs no other file",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        draw_engine(layout, context, self)
        column = layout.column()
        column.prop(self, "output_folder")
        column.prop(self, "file_name")
        column.prop(self, "use_pack")


def get(context: bpy.types.Context) -> SKYLOOM_AP_preferences:
    """The extension's own preferences."""
    return context.preferences.addons[base_package].preferences


def engine_is_outdated(context: bpy.types.Context) -> bool:
    """Whether the engine in use was installed from here by another version of Skyloom."""
    folder = engine_folder()
    return folder.state() is State.OUTDATED and python_in_use(get(context).engine_python) == folder.python


def engine_python(context: bpy.types.Context) -> Path:
    """The engine's Python. Raises :class:`EngineIncomplete` if there is none."""
    return python_in_use(get(context).engine_python)


classes = (SKYLOOM_AP_preferences,)


def register() -> None:
    for cls in classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
