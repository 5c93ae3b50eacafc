"""Skyloom's engine: a prompt becomes a seamless equirectangular sky, in a Python of its own.

``from engine import Job, generate`` is its interface for scripts (docs/python.md). Standard library only at import,
because Blender's side uses some of its modules; torch is loaded when :func:`generate` is first asked for.
"""

from typing import TYPE_CHECKING, Any

from .job import Job

if TYPE_CHECKING:
    from .pipeline import generate

__version__ = "0.1.0"
__all__ = ["Job", "generate"]


def __getattr__(name: str) -> Any:
    if name != "generate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .pipeline import generate

    return generate
