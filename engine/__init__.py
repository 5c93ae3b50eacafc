"""Skyloom's engine: a prompt becomes a seamless equirectangular sky, in a Python of its own.

Standard library only at import, because Blender's side imports :mod:`engine.job`, :mod:`engine.protocol` and
:mod:`engine.client` as well.
"""

__version__ = "0.1.0"
