"""Where Skyloom writes on this machine: panoramas, downloaded models, the engine and its logs."""

import os
from pathlib import Path

import bpy

from . import __package__ as base_package
from .engine.environment import MODELS_VARIABLE, find_engine_python
from .engine.errors import UnwritableOutput
from .engine.setup.place import EngineFolder, State

LOG_LIMIT = 1 << 20  # bytes


def engine_log() -> Path:
    """The engine's log file, emptied when it has grown too long. Used by one run after another."""
    log = Path(bpy.utils.extension_path_user(base_package, create=True)) / "engine.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.write_bytes(b"")
    return log


def engine_folder() -> EngineFolder:
    """Where the engine is installed from the preferences; Blender deletes it with the extension."""
    return EngineFolder(Path(bpy.utils.extension_path_user(base_package)) / "engine")


def python_in_use(chosen: str) -> Path:
    """The engine's Python: *chosen* in the preferences, or what is installed. Raises :class:`EngineIncomplete`."""
    folder = engine_folder()
    usable = folder.state() in (State.READY, State.OUTDATED)
    # Blender's file selector writes paths beside the .blend as relative to it, where the artist has them so.
    return find_engine_python(bpy.path.abspath(chosen), folder.python if usable else None)


def install_log() -> Path:
    """The log of the last installation of the engine."""
    return Path(bpy.utils.extension_path_user(base_package, create=True)) / "install.log"


def absolute(filepath: str) -> Path:
    """A path as an operator or a property has it, also one that begins with //."""
    return Path(os.path.abspath(bpy.path.abspath(filepath)))  # without the dots of "//../skies"


def output_folder(chosen: str) -> Path:
    """The folder for panoramas: *chosen* in the preferences, or one of the user's if that needs a saved .blend.

    That one is not the extension's own folder, because uninstalling deletes it, and the skies are the artist's.
    """
    if not chosen or (chosen.startswith("//") and not bpy.data.filepath):
        return Path(bpy.utils.user_resource("DATAFILES", path="skyloom")) / "skies"
    return absolute(chosen)


def make_folder(folder: Path) -> None:
    """Make *folder* if it is not there. Raises :class:`UnwritableOutput`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(
            f"The output folder cannot be made: {folder} ({error.strerror or error}).",
            "Choose another output folder in the add-on's preferences.",
        ) from error


def register() -> None:
    """Tell the engine, in this process and in its own, where models are: with the extension, unless the user said."""
    os.environ.setdefault(MODELS_VARIABLE, _own_models())


def unregister() -> None:
    if os.environ.get(MODELS_VARIABLE) == _own_models():
        del os.environ[MODELS_VARIABLE]


def _own_models() -> str:
    return str(Path(bpy.utils.extension_path_user(base_package)) / "models")
