"""What an artist sets to direct a sky (``scene.skyloom.direction``): what it begins with, photos, regions, a reference.

Named as in :mod:`engine.job_parts`; angles in degrees, azimuths clockwise from north (+Y).
"""

from typing import Any, get_args

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .engine.job_parts import CloudKind, GlowKind, GroundKind, HorizonKind, Luminary


def _choice(name: str, kinds: Any, default: str, description: str) -> Any:
    items = [(kind, kind.capitalize(), "") for kind in get_args(kinds)]
    return EnumProperty(name=name, description=description, items=items, default=default)


def _degrees(name: str, default: float, low: float, high: float, description: str) -> Any:
    return FloatProperty(name=name, description=description, default=default, min=low, max=high, step=100, precision=1)


class SKYLOOM_PG_layout(bpy.types.PropertyGroup):
    light: _choice("Light", Luminary, "sun", "What stands in the sky")
    azimuth: _degrees("Azimuth", 90, -360, 360, "Where the sun or moon stands: clockwise from north (+Y), 90 is +X")
    elevation: _degrees("Elevation", 30, -18, 90, "How high it stands; below 0 the sun has set")
    clouds: _choice("Clouds", CloudKind, "scattered", "Kind and cover of the clouds")
    ground: _choice("Ground", GroundKind, "grass", "What lies below the horizon")
    horizon: _choice("Horizon", HorizonKind, "flat", "What stands on the horizon")
    haze: BoolProperty(name="Haze", description="Mist before the horizon")
    glow: _choice("Glow", GlowKind, "orange", "Colour of a low sun's light")
    seed: IntProperty(name="Variant", description="Where clouds, waves and mountains lie", min=0)


class SKYLOOM_PG_photo(bpy.types.PropertyGroup):
    file: StringProperty(name="Photo", description="PNG, JPEG or EXR", subtype="FILE_PATH")
    use_noted: BoolProperty(name="Direction as Noted", description="Take heading and pitch from the photo's EXIF")
    azimuth: _degrees("Azimuth", 90, -360, 360, "Where the photo's centre looks to: clockwise from north (+Y)")
    elevation: _degrees("Elevation", 0, -90, 90, "How far the photo's centre looks upward")
    roll: _degrees("Roll", 0, -180, 180, "How far the camera was turned clockwise")
    field_of_view: _degrees("Field of View", 0, 0, 160, "Across the photo's width; 0 takes it from the photo's EXIF")
    strength: FloatProperty(
        name="Strength",
        description="How far the model may change the photo; 0 keeps it",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )


class SKYLOOM_PG_region(bpy.types.PropertyGroup):
    prompt: StringProperty(name="Prompt", description="What is in this part of the sky")
    azimuth: _degrees("Azimuth", 90, -360, 360, "The middle of the part: clockwise from north (+Y), 90 is +X")
    width: _degrees("Width", 90, 1, 360, "How wide it is")
    lowest: _degrees("Lowest", -90, -90, 90, "The elevation from which on")
    highest: _degrees("Highest", 90, -90, 90, "The elevation up to which")
    softness: _degrees("Softness", 20, 0, 180, "How softly it passes into what is around it")
    mask: StringProperty(
        name="Mask",
        description="A picture, twice as wide as high, whose white is the part, in place of the angles",
        subtype="FILE_PATH",
    )


class SKYLOOM_PG_direction(bpy.types.PropertyGroup):
    begin: EnumProperty(
        name="Begin with",
        description="What the sky is made from",
        items=(
            ("NOISE", "Prompt", "The prompt alone"),
            ("LAYOUT", "Layout", "A sky drawn from the sliders, which the model refines"),
            ("PICTURE", "Picture", "A panorama to vary or to edit, or a painted sketch"),
        ),
    )
    layout: PointerProperty(type=SKYLOOM_PG_layout)
    start: StringProperty(name="Picture", description="EXR, PNG or JPEG, twice as wide as high", subtype="FILE_PATH")
    mask: StringProperty(
        name="Mask",
        description="Only where this picture is white, the sky is painted anew; all else stays exactly as it is",
        subtype="FILE_PATH",
    )
    strength: FloatProperty(
        name="Strength",
        description="How far the sky may depart from what it begins with; 0 keeps it, 1 is free",
        default=0.6,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    reference: StringProperty(
        name="Reference", description="A picture whose look the sky is drawn towards", subtype="FILE_PATH"
    )
    show_in_view: BoolProperty(
        name="Show in 3D View",
        description="Write north, east, south, west and the prompts by direction into the 3D view",
    )
    photos: CollectionProperty(type=SKYLOOM_PG_photo)
    photo: IntProperty(name="Chosen Photo")
    regions: CollectionProperty(type=SKYLOOM_PG_region)
    region: IntProperty(name="Chosen Region")


classes = (SKYLOOM_PG_layout, SKYLOOM_PG_photo, SKYLOOM_PG_region, SKYLOOM_PG_direction)
