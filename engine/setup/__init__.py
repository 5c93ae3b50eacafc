"""Makes the engine's environment on an artist's machine: a private Python with pinned packages, and nothing else.

``python -m engine.setup`` is run by Blender's own Python, so this package uses the standard library only. One command
does it all, because it goes on from whatever it finds: it installs, resumes, repairs and updates.
"""
