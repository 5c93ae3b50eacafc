"""Where Skyloom keeps what is built once, and how Blender finds the engine's Python. Standard library only."""

import os
import sys
from pathlib import Path

from .errors import EngineIncomplete

PYTHON_VARIABLE = "SKYLOOM_ENGINE_PYTHON"
MODELS_VARIABLE = "SKYLOOM_MODELS"


def cache_root() -> Path:
    """The folder for environments: ``$SKYLOOM_CACHE``, or ``skyloom`` in the platform's cache folder."""
    if chosen := os.environ.get("SKYLOOM_CACHE"):
        return Path(chosen).expanduser().resolve()
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) / "skyloom"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "skyloom"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skyloom"


def models_folder() -> Path:
    """The folder of downloaded models: ``$SKYLOOM_MODELS``, which Blender sets, or ``models`` in the cache."""
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen).expanduser().resolve() if chosen else cache_root() / "models"


def python_record() -> Path:
    """A text file that holds the path of the newest engine environment's Python."""
    return cache_root() / "engine-python.txt"


def find_engine_python(chosen: str = "", installed: Path | None = None) -> Path:
    """The engine's Python: *chosen* by the user, else ``$SKYLOOM_ENGINE_PYTHON``, else the one that the user
    *installed* from Blender, else what ``make engine`` recorded.

    Raises :class:`EngineIncomplete` if there is none, or if the one that is named does not exist.
    """
    record = python_record()
    recorded = record.read_text(encoding="utf-8").strip() if record.is_file() else ""
    named = chosen or os.environ.get(PYTHON_VARIABLE) or installed or recorded
    if not named:
        raise EngineIncomplete(
            "The engine is not installed.",
            "Install it in the add-on's preferences, or choose a Python with PyTorch there.",
        )
    python = Path(named).expanduser()
    if not python.is_file():
        raise EngineIncomplete(
            f"The engine's Python, {python}, does not exist.", "Choose another one in the add-on's preferences."
        )
    return python
