"""From the scene's settings and an operator's arguments to a job, and from a sky's job back to the settings."""

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import bpy

from .direction_settings import FIELDS, direction_of, show_direction
from .engine.errors import BadRequest
from .engine.job import BUNDLED_MODEL, Job
from .engine.models.catalogue import catalogue
from .properties import AUTO
from .styles import NONE, STYLES

# How a choice of coherence is said in a job. What a job says beyond that is kept in "Other settings".
COHERENCE: dict[str, dict[str, Any]] = {
    "OFF": {"sampler": "multidiffusion", "sync_steps": None},
    "FAST": {"sampler": "sync", "sync_windows": "side-by-side"},
    "EXACT": {"sampler": "sync", "sync_windows": "all"},
}
_DEFAULTS = {field.name: field.default for field in fields(Job)}
_CHOICES = ("coherence", "style")  # properties that stand for several fields of a job


def job_from(settings: bpy.types.PropertyGroup, call: bpy.types.Operator, prompt: str | None = None) -> Job:
    """The job that *settings* describe; what was passed to the operator *call* comes before it, and a *prompt* first.

    Its seed is None where the scene asks for a random one. Raises :class:`BadRequest`.
    """
    passed = [name for name in _names(call) if call.properties.is_property_set(name)]
    touched = [name for name in _names(settings) if settings.is_property_set(name)]
    values = _values(settings, _names(settings)) | _parsed(settings.other)
    values |= _values(settings, touched) | _values(call, passed)
    told = _parsed(call.other)
    if not {"start", "layout"} & told.keys():
        values |= direction_of(settings.direction)
    values |= told
    values |= COHERENCE.get(values.pop("coherence"), {})
    stays = values.get("regions") or values.get("control") or values.get("sync_anchor") == "nearest"
    if stays and values.get("sync_windows") == "side-by-side":
        values["sync_windows"] = None  # these wander: the engine's default is quick and stays in place
    if prompt:
        values["prompt"] = prompt
    if (style := values.pop("style")) != NONE:
        values["prompt"], values["negative"] = STYLES[style].applied(values["prompt"], values["negative"])
    if "loras" not in told and settings.lora.strip():
        lora = catalogue().get(settings.lora)
        name = lora.name if lora else bpy.path.abspath(settings.lora.strip())
        values["loras"] = [[name, _rounded(settings.lora_scale)], *values.get("loras", ())]
        if lora and lora.words and lora.words not in values["prompt"] and values["prompt"].strip():
            values["prompt"] = f"{values['prompt'].strip()}, {lora.words}"
    if settings.use_random_seed and "seed" not in passed:
        values["seed"] = None
    values["model"] = _located(values["model"])
    return Job.from_dict(values)


def chosen_model(settings: bpy.types.PropertyGroup) -> str:
    """The model that *settings* name, as a job has it."""
    return _located(settings.model)


def _located(model: str) -> str:
    return bpy.path.abspath(model.strip() or BUNDLED_MODEL)


def use_job(settings: bpy.types.PropertyGroup, job: dict[str, Any]) -> None:
    """Make *settings* describe *job* again, whatever they were: the same sky comes out.

    What no property can show is kept beside them, in ``settings.other``, until that property is set.
    """
    for name in _names(settings):
        settings.property_unset(name)
    rest = _show_lora(settings, show_direction(settings.direction, job))
    if coherence := _coherence(job):
        settings.coherence = coherence
        for name in COHERENCE[coherence]:
            rest.pop(name, None)
    else:
        rest["coherence"] = None
    other = {name: value for name, value in rest.items() if not _show(settings, name, value)}
    settings.other = json.dumps(other) if other else ""
    settings.use_random_seed = False


def _coherence(job: dict[str, Any]) -> str | None:
    """The choice that stands for *job*'s sampler; None if there is none."""
    match job.get("sampler"), job.get("sync_steps"), job.get("sync_windows"):
        case ("multidiffusion", 0 | None, _) | ("sync", 0, _):
            return "OFF"
        case ("sync", _, "side-by-side") | ("sync", None, None):
            return "FAST"
        case "sync", _, _:
            return "EXACT"
    return None


def _names(group: bpy.types.bpy_struct) -> list[str]:
    """The properties of *group* that decide a job: named as its fields, or choices."""
    return [name for name in (*_DEFAULTS, *_CHOICES) if name not in FIELDS and hasattr(group, name)]


def _values(group: bpy.types.bpy_struct, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(group, name) for name in names}


def _value(group: bpy.types.bpy_struct, name: str) -> Any:
    """A property's value as a job has it: 0 and "auto" stand for the model's own where a job says None."""
    value = getattr(group, name)
    if name == "width":  # an enum in the settings
        value = int(value)
    if name != "seed" and _DEFAULTS.get(name, "") is None:
        value = None if value in (0, AUTO) else value
    return _rounded(value) if isinstance(value, float) else value


def _rounded(value: float) -> float:
    """What was meant by a number of Blender's, which have no more digits."""
    return float(f"{value:.6g}")


def _show_lora(settings: bpy.types.PropertyGroup, job: dict[str, Any]) -> dict[str, Any]:
    """Make *settings* show the first LoRA of *job*, of the catalogue or by its full path, and return what is left."""
    settings.property_unset("lora")
    settings.property_unset("lora_scale")
    loras = list(job.get("loras", ()))
    if loras and (loras[0][0] in catalogue() or Path(loras[0][0]).is_absolute()):
        settings.lora, settings.lora_scale = loras.pop(0)
    return {name: value for name, value in job.items() if name != "loras"} | ({"loras": loras} if loras else {})


def _show(settings: bpy.types.PropertyGroup, name: str, value: Any) -> bool:
    """Set the property *name* to a job's *value*. False if there is none, or if it cannot say exactly that."""
    if name in FIELDS or not hasattr(settings, name):
        said = tuple(value) if isinstance(value, list) else value  # as JSON has tuples
        return name in _DEFAULTS and said == _DEFAULTS[name]
    if value is None:
        return _value(settings, name) is None  # what a property says that is not set
    try:
        setattr(settings, name, str(value) if name == "width" else value)
    except (TypeError, ValueError, OverflowError):
        return False
    if _value(settings, name) == value:
        return True
    settings.property_unset(name)
    return False


def _parsed(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text or "{}")
    except ValueError as error:
        raise BadRequest(f"The other settings are not valid JSON: {error}.", "Clear them in the panel.") from error
    if not isinstance(values, dict):
        raise BadRequest("The other settings are not a JSON object.", "Clear them in the panel.")
    return values
