"""Procedural HDR skies: teacher of the bundled model, layouts to start from, known truth for tests."""

from .parameters import Clouds, Ground, SkyParameters, Time, sample_parameters
from .renderer import SkyRenderer

__all__ = ["Clouds", "Ground", "SkyParameters", "SkyRenderer", "Time", "sample_parameters"]
