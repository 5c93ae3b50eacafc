"""The panel and its sub-panels, in the World properties and in the 3D viewport's sidebar."""

import bpy

from . import thumbnails, view_compass
from .adjust import Adjust, Background, Horizon
from .cards import SKYLOOM_MT_sky
from .direction import Direction
from .direction_lists import Photos, Regions, SKYLOOM_UL_photos, SKYLOOM_UL_regions
from .direction_pictures import Fit, Reference
from .edit import Edit
from .history import History
from .light import Light
from .main import Advanced, Main
from .models import Models
from .places import in_both_places
from .presets import SKYLOOM_PT_presets
from .shot import Shot, SKYLOOM_UL_ideas
from .styles import SKYLOOM_PT_styles

classes = (
    SKYLOOM_UL_ideas,
    SKYLOOM_UL_photos,
    SKYLOOM_UL_regions,
    SKYLOOM_MT_sky,
    SKYLOOM_PT_presets,
    SKYLOOM_PT_styles,
    *in_both_places(Main),
    *in_both_places(Models, "models"),
    *in_both_places(Direction, "direction"),
    *in_both_places(Regions, "direction", "regions"),
    *in_both_places(Photos, "direction", "photos"),
    *in_both_places(Reference, "direction", "reference"),
    *in_both_places(Fit, "direction", "fit"),
    *in_both_places(Shot, "shot"),
    *in_both_places(Edit, "edit"),
    *in_both_places(Adjust, "adjust"),
    *in_both_places(Background, "adjust", "background"),
    *in_both_places(Horizon, "adjust", "horizon"),
    *in_both_places(Light, "light"),
    *in_both_places(History, "history"),
    *in_both_places(Advanced, "advanced"),
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
