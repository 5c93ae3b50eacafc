"""The panel and its sub-panels, in the World properties and in the 3D viewport's sidebar."""

import bpy

from . import thumbnails, view_compass
from .adjust import SKYLOOM_PT_sidebar_adjust, SKYLOOM_PT_world_adjust
from .cards import SKYLOOM_MT_sky
from .direction import SKYLOOM_PT_sidebar_direction, SKYLOOM_PT_world_direction
from .direction_lists import (
    SKYLOOM_PT_sidebar_photos,
    SKYLOOM_PT_sidebar_regions,
    SKYLOOM_PT_world_photos,
    SKYLOOM_PT_world_regions,
    SKYLOOM_UL_photos,
    SKYLOOM_UL_regions,
)
from .direction_pictures import (
    SKYLOOM_PT_sidebar_fit,
    SKYLOOM_PT_sidebar_reference,
    SKYLOOM_PT_world_fit,
    SKYLOOM_PT_world_reference,
)
from .edit import SKYLOOM_PT_sidebar_edit, SKYLOOM_PT_world_edit
from .history import SKYLOOM_PT_sidebar_history, SKYLOOM_PT_world_history
from .light import SKYLOOM_PT_sidebar_light, SKYLOOM_PT_world_light
from .models import SKYLOOM_PT_sidebar_models, SKYLOOM_PT_world_models
from .presets import SKYLOOM_PT_presets
from .shot import SKYLOOM_PT_sidebar_shot, SKYLOOM_PT_world_shot, SKYLOOM_UL_ideas
from .sidebar import SKYLOOM_PT_sidebar, SKYLOOM_PT_sidebar_advanced
from .styles import SKYLOOM_PT_styles
from .world import SKYLOOM_PT_world, SKYLOOM_PT_world_advanced

classes = (
    SKYLOOM_UL_ideas,
    SKYLOOM_UL_photos,
    SKYLOOM_UL_regions,
    SKYLOOM_MT_sky,
    SKYLOOM_PT_presets,
    SKYLOOM_PT_styles,
    SKYLOOM_PT_world,
    SKYLOOM_PT_world_models,
    SKYLOOM_PT_world_direction,
    SKYLOOM_PT_world_regions,
    SKYLOOM_PT_world_photos,
    SKYLOOM_PT_world_reference,
    SKYLOOM_PT_world_fit,
    SKYLOOM_PT_world_shot,
    SKYLOOM_PT_world_edit,
    SKYLOOM_PT_world_adjust,
    SKYLOOM_PT_world_light,
    SKYLOOM_PT_world_history,
    SKYLOOM_PT_world_advanced,
    SKYLOOM_PT_sidebar,
    SKYLOOM_PT_sidebar_models,
    SKYLOOM_PT_sidebar_direction,
    SKYLOOM_PT_sidebar_regions,
    SKYLOOM_PT_sidebar_photos,
    SKYLOOM_PT_sidebar_reference,
    SKYLOOM_PT_sidebar_fit,
    SKYLOOM_PT_sidebar_shot,
    SKYLOOM_PT_sidebar_edit,
    SKYLOOM_PT_sidebar_adjust,
    SKYLOOM_PT_sidebar_light,
    SKYLOOM_PT_sidebar_history,
    SKYLOOM_PT_sidebar_advanced,
)


def register() -> None:
    thumbnails.register()
    for cls in classes:
        bpy.utils.register_class(cls)
    view_compass.register()


def unregister() -> None:
    view_compass.unregister()
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
    thumbnails.unregister()
