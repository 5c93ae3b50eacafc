"""Procedural HDR skies: teacher of the bundled model, layouts to start from, known truth for tests."""

from .parameters import Clouds, Glow, Ground, SkyParameters, Time, sample_parameters
from .renderer import SkyRenderer

__all__ = ["Clouds", "Glow", "Ground", "SkyParameters", "SkyRenderer", "Time", "sample_parameters"]
