"""The panel and its sub-panel, in the World properties and in the 3D viewport's sidebar."""

import bpy

from .sidebar import SKYLOOM_PT_sidebar, SKYLOOM_PT_sidebar_advanced
from .world import SKYLOOM_PT_world, SKYLOOM_PT_world_advanced

classes = (SKYLOOM_PT_world, SKYLOOM_PT_world_advanced, SKYLOOM_PT_sidebar, SKYLOOM_PT_sidebar_advanced)


def register() -> None:
    for cls in classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
