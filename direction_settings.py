"""From what is set to direct a sky to the fields of a job, and back."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import bpy

from .direction_properties import light_direction
from .engine.errors import BadRequest
from .engine.job_parts import Layout, Photo, Region
from .engine.loss_weights import loss_weights

# With the weight of strength 1. On the bundled model a look shows from 6 on and breaks the picture at 30.
_LOSSES = {"LOOK": ("lpips-vgg", 10.0), "STYLE": ("style", 10_000.0), "CLIP": ("clip", 1.0)}
_REFERENCE = ("reference", "reference_by", "reference_strength", "clip")
_CONTROL = ("control", "control_image", "control_scale")
# Fields of a job that are set here alone.
FIELDS = {"start", "layout", "strength", "mask", "erase", "photos", "regions", *_CONTROL}
_KINDS = {"photos": Photo, "regions": Region}


def direction_of(direction: bpy.types.PropertyGroup) -> dict[str, Any]:
    """The fields of a job that *direction* decides; those that it leaves to the job's defaults are not there."""
    values: dict[str, Any] = {}
    if direction.begin == "LAYOUT":
        values |= {"start": None, "layout": layout_of(direction.layout), "strength": _number(direction.strength)}
    elif direction.begin == "PICTURE":
        values |= {"start": bpy.path.abspath(direction.start), "layout": None, "strength": None}
        if direction.mask:
            values["mask"] = bpy.path.abspath(direction.mask)
        values["erase"] = direction.erase
        edits = direction.mask or direction.erase
        if not edits or direction.is_property_set("strength"):  # how free an edit is, its kind decides
            values["strength"] = _number(direction.strength)
    for name, kind in _KINDS.items():
        if several := [_part(item, kind) for item in getattr(direction, name)]:
            values[name] = several
    if direction.control:
        paths = {name: bpy.path.abspath(getattr(direction, name)) or None for name in _CONTROL[:2]}
        values |= paths | {"control_scale": _number(direction.control_scale)}
    if direction.reference:
        values |= _reference_of(direction)
    elif "photos" in values:
        values["sync_anchor"] = "nearest"
    return values


def layout_of(layout: bpy.types.PropertyGroup) -> dict[str, Any]:
    """The fields of a :class:`Layout`."""
    values = {field.name: _number(getattr(layout, field.name)) for field in fields(Layout)}
    values["azimuth"], values["elevation"] = map(_number, light_direction(layout))
    if values["light"] == "moon":  # the slider goes down to twilight, where there is no moon
        values["elevation"] = max(values["elevation"], 0.0)
    return values


def show_direction(direction: bpy.types.PropertyGroup, job: dict[str, Any]) -> dict[str, Any]:
    """Make *direction* describe *job*, and return what of the job is left to show."""
    for name in ("begin", "start", "mask", "erase", "strength", "layout", *_REFERENCE, *_CONTROL):
        direction.property_unset(name)
    rest = dict(job)
    for name in _KINDS:
        group = getattr(direction, name)
        group.clear()
        for values in rest.pop(name, None) or ():
            _fill(group.add(), values)
    if isinstance(rest.get("layout"), dict):
        direction.begin = "LAYOUT"
        direction.layout.use_place = False
        _fill(direction.layout, rest.pop("layout"))
    if start := rest.pop("start", None):
        direction.begin, direction.start, direction.mask = "PICTURE", start, rest.pop("mask", None) or ""
        direction.erase = rest.pop("erase", False)
    if rest.get("control"):
        for name in _CONTROL:
            setattr(direction, name, rest.pop(name))
    if direction.begin != "NOISE" and (strength := rest.pop("strength", None)) is not None:
        direction.strength = strength
    anchor = rest.get("sync_anchor")
    if anchor == "nearest" and direction.photos:
        rest.pop("sync_anchor")
    elif isinstance(anchor, str) and anchor not in ("middle", "mean", "nearest"):
        rest = _show_reference(direction, rest)
    return rest


def _reference_of(direction: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Raises :class:`BadRequest` for a picture that no file holds: a job must make the same sky again."""
    image = direction.reference
    path = bpy.path.abspath(image.filepath, library=image.library)
    if image.is_dirty or not Path(path).is_file():
        raise BadRequest(f"The reference '{image.name}' is not saved in a file.", "Save it: Image > Save As.")
    loss, weight = _LOSSES[direction.reference_by]
    values = {"sync_anchor": path, "sync_loss": f"{_number(weight * direction.reference_strength):.9g} * {loss}"}
    return values | ({"clip": bpy.path.abspath(direction.clip) or None} if direction.reference_by == "CLIP" else {})


def _show_reference(direction: bpy.types.PropertyGroup, job: dict[str, Any]) -> dict[str, Any]:
    """As :func:`show_direction`, for the picture to be like, unless it or what it is compared by cannot be shown."""
    weights = loss_weights(job.get("sync_loss", "lpips-vgg"))
    by = next((by for by, (loss, _) in _LOSSES.items() if [loss] == list(weights)), None)
    try:
        image = bpy.data.images.load(job["sync_anchor"], check_existing=True)
    except RuntimeError:  # the picture is gone
        return job
    if by is None:
        return job
    loss, weight = _LOSSES[by]
    strength, limits = weights[loss] / weight, direction.bl_rna.properties["reference_strength"]
    if not limits.hard_min <= strength <= limits.hard_max:
        return job
    direction.reference, direction.reference_by = image, by
    direction.reference_strength, direction.clip = strength, job.get("clip") or ""
    return {name: value for name, value in job.items() if name not in ("sync_anchor", "sync_loss", "clip")}


def _part(item: bpy.types.PropertyGroup, kind: type) -> dict[str, Any]:
    values = {field.name: _number(getattr(item, field.name)) for field in fields(kind)}
    for name in ("file", "mask"):
        if name in values:
            values[name] = bpy.path.abspath(values[name]) if values[name] else None
    if kind is Photo:
        values["file"] = values["file"] or ""
        values["field_of_view"] = values["field_of_view"] or None
        if item.use_noted:
            values["azimuth"] = values["elevation"] = None
    return values


def _fill(group: bpy.types.PropertyGroup, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value is not None:
            setattr(group, name, value)
        elif name == "azimuth":
            group.use_noted = True


def _number(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value  # Blender's numbers have no more digits
