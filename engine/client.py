"""Blender's end of the pipe to the engine that generates. Standard library only."""

from dataclasses import asdict
from pathlib import Path

from .job import Job
from .job_parts import Layout
from .process import EventProcess


class EngineClient(EventProcess):
    """One engine that keeps its model warm, and the events that it sent.

    python: the engine environment's interpreter. log: see :class:`EventProcess`.
    Raises :class:`EngineIncomplete` if *python* cannot be started.
    """

    def __init__(self, python: Path, log: Path) -> None:
        super().__init__([str(python), "-m", "engine", "serve"], log)

    def generate(self, job: Job, out: Path, previews: bool = False) -> None:
        """Ask for *job*, written to *out*, and perhaps for previews on the way.

        The answer comes through :meth:`poll`. Raises :class:`EngineLost`.
        """
        self._send({"request": "generate", "job": job.to_dict(), "out": str(out), "previews": previews})

    def draw(self, layout: Layout, height: int) -> None:
        """Ask for a picture of *layout*, *height* pixels high; a preview or a failure comes through :meth:`poll`.
        Raises :class:`EngineLost`."""
        self._send({"request": "draw", "layout": asdict(layout), "height": height})
