"""What an artist sets to direct a sky (``scene.skyloom.direction``): what it begins with, photos, regions, a reference.

Named as in :mod:`engine.job_parts`; angles in degrees, azimuths clockwise from north (+Y).
"""

from calendar import monthrange
from datetime import datetime, timedelta, timezone
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
from .engine.light.solar import sun_position

EYES = (  # where to look around in the scene
    ("CAMERA", "Camera", "The scene's camera"),
    ("CURSOR", "3D Cursor", "The 3D cursor"),
)
KINDS = {  # what a layout's choices mean
    "sun": "Day or twilight, by how high the sun stands",
    "moon": "A night with a moon",
    "stars": "A night with stars alone",
    "clear": "No clouds",
    "few": "Some small heaps of cloud",
    "scattered": "Heaps of cloud with much blue between them",
    "broken": "Heaps of cloud with a little blue between them",
    "overcast": "One grey layer without gaps",
    "cirrus": "Thin, feathery ice clouds high up",
    "mackerel": "Small ripples of cloud in rows, high up",
    "storm": "A dark, ragged layer",
    "cumulonimbus": "One tall thundercloud with its anvil",
    "sea": "Open water with waves",
    "lake": "Smooth water that mirrors the sky",
    "desert": "Sand",
    "grass": "A meadow",
    "snow": "A snowfield",
    "forest": "The floor of a forest, with its trees on the horizon",
    "coast": "A beach, with the sea on one side",
    "flat": "Nothing",
    "hills": "Low hills",
    "mountains": "Mountains",
    "city": "A skyline, with lights after sunset",
    "orange": "Orange, as on most evenings",
    "golden": "Yellow",
    "red": "Red, as in dusty air",
    "pink": "Pink and violet",
}


def _choice(name: str, kinds: Any, default: str, description: str) -> Any:
    items = [(kind, kind.capitalize(), KINDS[kind]) for kind in get_args(kinds)]
    return EnumProperty(name=name, description=description, items=items, default=default)


def _degrees(name: str, default: float, low: float, high: float, description: str, precision: int = 1) -> Any:
    """In degrees for scripts, too, which subtype ANGLE would give radians; so the label has to say it."""
    limits = {"default": default, "min": low, "max": high}
    return FloatProperty(name=f"{name} (°)", description=description, step=100, precision=precision, **limits)


def light_direction(layout: bpy.types.PropertyGroup) -> tuple[float, float]:
    """Azimuth and elevation of the light: as they are set, or where the sun stands at the date and place that are.

    Asked for when it is needed: Blender 4.2 crashes at its end when properties with callbacks were uninstalled.
    """
    if not layout.use_place or layout.light != "sun":
        return layout.azimuth, layout.elevation
    zone = timezone(timedelta(hours=layout.zone))
    day = min(layout.day, monthrange(layout.year, layout.month)[1])
    moment = datetime(layout.year, layout.month, day, tzinfo=zone) + timedelta(hours=layout.hour)
    azimuth, elevation = sun_position(moment, layout.latitude, layout.longitude)
    return round(azimuth, 2), round(elevation, 2)


def _whole(name: str, default: int, low: int, high: int) -> Any:
    described = f"The {name.lower()} in which the sun stands there"
    return IntProperty(name=name, description=described, default=default, min=low, max=high)


def _hours(name: str, default: float, low: float, high: float, description: str) -> Any:
    return FloatProperty(name=name, description=description, default=default, min=low, max=high, precision=2)


class SKYLOOM_PG_layout(bpy.types.PropertyGroup):
    use_place: BoolProperty(
        name="By Date and Place",
        description="Put the sun where it stands at a time and a place; north is +Y",
    )
    latitude: _degrees("Latitude", 51.48, -90, 90, "North is positive", precision=2)
    longitude: _degrees("Longitude", 0, -180, 180, "East is positive", precision=2)
    year: _whole("Year", 2026, 1900, 2100)
    month: _whole("Month", 6, 1, 12)
    day: _whole("Day", 21, 1, 31)
    hour: _hours("Hour", 18, 0, 24, "Of the place's own clock")
    zone: _hours("UTC Offset", 0, -12, 14, "Hours by which the clock is ahead of Greenwich, with summer time")
    light: _choice("Light", Luminary, "sun", "What stands in the sky")
    azimuth: _degrees("Azimuth", 90, -360, 360, "Where the sun or moon stands: clockwise from north (+Y), 90 is +X")
    elevation: _degrees("Elevation", 30, -18, 90, "How high it stands; below 0 the sun has set")
    moon_phase: FloatProperty(
        name="Phase",
        description="Of the moon: 0 is new, 0.25 the first quarter, 0.5 full, 0.75 the last quarter",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    clouds: _choice("Clouds", CloudKind, "scattered", "Kind of the clouds")
    cloud_azimuth: _degrees("Cloud Azimuth", 90, -360, 360, "Where the cumulonimbus stands: clockwise from north (+Y)")
    cover: FloatProperty(
        name="Cover",
        description="How much of the sky the clouds cover; 0.5 is usual for their kind",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    ground: _choice("Ground", GroundKind, "grass", "What lies below the horizon")
    sea_azimuth: _degrees("Sea Azimuth", 90, -360, 360, "Where the open sea lies, seen from the beach")
    horizon: _choice("Horizon", HorizonKind, "flat", "What stands on the horizon")
    city_azimuth: _degrees("City Azimuth", 90, -360, 360, "Where the middle of the city lies")
    city_glow: BoolProperty(name="City Glow", description="Light of a city on the night, also from beyond the horizon")
    haze: BoolProperty(name="Haze", description="Mist before the horizon")
    mist: BoolProperty(name="Morning Mist", description="Mist in the hollows of a morning", default=True)
    fog: BoolProperty(name="Fog Banks", description="Fog in banks on the ground")
    rays: BoolProperty(name="Sun Rays", description="Put the sun behind a cloud, past which its beams fall")
    milky_way: BoolProperty(
        name="Milky Way", description="It shows where no clouds and no other light hide it", default=True
    )
    aurora: BoolProperty(name="Aurora", description="Northern lights in place of the Milky Way")
    glow: _choice("Glow", GlowKind, "orange", "Colour of a low sun's light")
    seed: IntProperty(name="Variant", description="Where clouds, waves and mountains lie", min=0)


class SKYLOOM_PG_photo(bpy.types.PropertyGroup):
    file: StringProperty(name="Photo", description="PNG, JPEG or EXR", subtype="FILE_PATH")
    use_noted: BoolProperty(
        name="Direction as Noted",
        description="Take heading and pitch from the photo's EXIF; without them it lies in the middle, level",
    )
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


class SKYLOOM_PG_idea(bpy.types.PropertyGroup):
    prompt: StringProperty(name="Prompt", description="A sky for this shot")


class SKYLOOM_PG_direction(bpy.types.PropertyGroup):
    begin: EnumProperty(
        name="Begin With",
        description="What the sky is made from",
        items=(
            ("NOISE", "Prompt", "The prompt; a small model begins with a sky drawn from its words"),
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
    erase: BoolProperty(
        name="Erase",
        description="What is behind the mask, or without one the sun, goes and does not come back",
    )
    strength: FloatProperty(
        name="Strength",
        description="How far the sky may depart from what it begins with; 0 keeps it, 1 is free",
        default=0.6,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    reference: PointerProperty(
        type=bpy.types.Image, name="Reference", description="A picture whose look the sky is drawn towards"
    )
    reference_by: EnumProperty(
        name="By",
        description="What of the picture the sky is to be like",
        items=(
            ("LOOK", "Look", "Shapes and colours, where they are (LPIPS)"),
            ("STYLE", "Style", "Textures and colours, wherever they are"),
            ("CLIP", "CLIP", "What it shows, as a CLIP model sees it, whose folder is needed"),
        ),
    )
    reference_strength: FloatProperty(
        name="Strength",
        description="How strongly the sky is drawn towards the picture",
        default=1.0,
        min=0.01,
        max=100.0,
        soft_max=5.0,
    )
    clip: StringProperty(name="CLIP Model", description="The folder of a CLIP model", subtype="DIR_PATH")
    show_in_view: BoolProperty(
        name="Show in 3D View",
        description="Write north, east, south, west and the prompts by direction into the 3D view",
    )
    photos: CollectionProperty(type=SKYLOOM_PG_photo)
    photo: IntProperty(name="Chosen Photo", description="Which photo of the list is shown below it")
    regions: CollectionProperty(type=SKYLOOM_PG_region)
    region: IntProperty(name="Chosen Region", description="Which prompt of the list is shown below it")
    eye: EnumProperty(name="From", description="Where to look around in the scene", items=EYES)
    control: StringProperty(
        name="ControlNet",
        description="The folder of a ControlNet of the model's family, in diffusers layout; empty uses none",
        subtype="DIR_PATH",
    )
    control_image: StringProperty(
        name="Follows",
        description="The picture that the ControlNet follows, twice as wide as high, such as the scene's depth",
        subtype="FILE_PATH",
    )
    control_scale: FloatProperty(
        name="Strictness",
        description="How strictly the ControlNet is followed",
        default=1.0,
        min=0.0,
        max=10.0,
        soft_max=2.0,
    )
    ideas: CollectionProperty(type=SKYLOOM_PG_idea)
    idea: IntProperty(name="Chosen Prompt", description="Which prompt of the list the buttons are for")


classes = (SKYLOOM_PG_layout, SKYLOOM_PG_photo, SKYLOOM_PG_region, SKYLOOM_PG_idea, SKYLOOM_PG_direction)
