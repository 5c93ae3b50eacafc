"""The command line's words for a job, shared by ``python -m engine`` and ``blender --command skyloom``.

Standard library only: Blender's side parses them too.
"""

import argparse
import json
import re
from contextlib import suppress
from dataclasses import fields
from typing import Any, NoReturn, get_args

from .errors import BadRequest
from .job import (
    BUNDLED_MODEL,
    Job,
    Precision,
    Quality,
    Sampler,
    SolverName,
    SunChoice,
    SyncGradient,
    SyncWindows,
    WindowLayout,
)
from .job_parts import LayoutWord
from .loss_weights import LossName


class Parser(argparse.ArgumentParser):
    """Raises :class:`BadRequest` where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message[:1].upper()}{message[1:]}.", f"See `{self.prog} --help`.")


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option per field of :class:`Job` except the prompt. Options that are not given stay unset."""
    unset: dict[str, Any] = {"default": argparse.SUPPRESS}
    look = parser.add_argument_group("what to make")
    look.add_argument("--negative", metavar="TEXT", help="what should not be there", **unset)
    look.add_argument("--seed", type=int, help="the same seed gives the same picture (default: random)", **unset)
    look.add_argument("--width", type=int, metavar="PIXELS", help="width; the height is half of it", **unset)
    look.add_argument(
        "--base-width",
        type=int,
        metavar="PIXELS",
        help="compose at this width, enlarge from it (default: model's)",
        **unset,
    )
    look.add_argument(
        "--detail",
        type=float,
        metavar="S",
        help="how much detail is painted where the sky is enlarged, 0 to 1",
        **unset,
    )
    look.add_argument(
        "--poles",
        action=argparse.BooleanOptionalAction,
        help="mend what is pinched at zenith and nadir (default: unless quality is draft)",
        **unset,
    )
    look.add_argument(
        "--upscaler", metavar="FILE", help="enlarge with this learned upscaler, safetensors (default: model's)", **unset
    )
    look.add_argument("--quality", choices=get_args(Quality), help="fewer or more steps (default: standard)", **unset)
    look.add_argument("--steps", type=int, help="denoising steps", **unset)
    look.add_argument("--guidance", type=float, help="how closely to follow the prompt; up to 1 is off", **unset)
    look.add_argument("--solver", choices=get_args(SolverName), help="how a step is taken (default: model's)", **unset)
    look.add_argument(
        "--model",
        metavar="NAME_OR_PATH",
        help=f"a model of the catalogue, a diffusers folder, or a safetensors file (default: {BUNDLED_MODEL})",
        **unset,
    )
    look.add_argument(
        "--lora",
        dest="loras",
        action="append",
        type=_lora,
        metavar="FILE[:SCALE]",
        help="add a LoRA (of the catalogue or a safetensors file; scale: 1 by default); may be repeated",
        **unset,
    )
    look.add_argument(
        "--embedding",
        dest="embeddings",
        action="append",
        metavar="FILE",
        help="add a word learned by textual inversion (safetensors); may be repeated",
        **unset,
    )
    look.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps (default: auto)", **unset)
    look.add_argument(
        "--precision", choices=get_args(Precision), help="of the networks (default: half on accelerators)", **unset
    )
    _add_direction_arguments(parser)
    light = parser.add_argument_group("light")
    light.add_argument("--sun", choices=get_args(SunChoice), help="a true sun, or the light as generated", **unset)
    light.add_argument(
        "--turbidity",
        type=float,
        metavar="T",
        help="of the air, 2 clear to 8 dull (default: as the sky looks)",
        **unset,
    )
    light.add_argument("--sun-ratio", type=float, metavar="R", help="direct to diffuse light on level ground", **unset)
    light.add_argument(
        "--exposure", type=float, metavar="EV", help="stops of a white card under the sky above 1.0", **unset
    )
    light.add_argument(
        "--sky-only",
        nargs="?",
        const={},
        type=_sky_only,
        metavar="KEYS",
        help="lay a ground below the horizon, such as colour=0.3/0.25/0.2,fade=5 or mirror=1 (default: a grey one)",
        **unset,
    )
    sync = parser.add_argument_group("coherence")
    sync.add_argument("--sampler", choices=get_args(Sampler), help="joint diffusion method (default: sync)", **unset)
    sync.add_argument(
        "--sync-windows",
        choices=get_args(SyncWindows),
        help="which have gradients: all (the paper's), or a few that lie side by side, much faster (default)",
        **unset,
    )
    sync.add_argument("--sync-from", type=int, metavar="N", help="synchronize no step before the Nth, from 0", **unset)
    sync.add_argument("--sync-steps", type=int, metavar="N", help="synchronize the first N steps", **unset)
    sync.add_argument("--sync-weight", type=float, metavar="W", help="gradient weight w (the paper's is 20)", **unset)
    sync.add_argument("--sync-decay", type=float, metavar="D", help="factor on w per step (default: 0.95)", **unset)
    sync.add_argument("--sync-every", type=int, metavar="N", help="synchronize every Nth of them", **unset)
    sync.add_argument(
        "--sync-gradient-steps", type=int, metavar="N", help="gradient steps in each of them (default: 1)", **unset
    )
    sync.add_argument(
        "--sync-loss",
        metavar="SUM",
        help=f"what should be alike, such as 'lpips-vgg + 100 * style': {', '.join(get_args(LossName))} "
        "(default: lpips-vgg)",
        **unset,
    )
    sync.add_argument(
        "--sync-anchor",
        metavar="ANCHOR",
        help="what to draw to: middle (default), mean, nearest (photo), an azimuth in degrees, or a picture file",
        **unset,
    )
    sync.add_argument(
        "--sync-gradient", choices=get_args(SyncGradient), help="how it is computed (default: exact)", **unset
    )
    sync.add_argument(
        "--sync-decoder-below",
        type=float,
        metavar="SIGMA",
        help="noise level in [0, 1] below which the gradient 'decoder' leaves out the denoiser",
        **unset,
    )
    sync.add_argument("--clip", metavar="FOLDER", help="a CLIP model, for the losses clip and clip-prompt", **unset)
    sync.add_argument("--stride", type=int, metavar="N", help="latent columns between windows", **unset)
    research = parser.add_argument_group("research")
    research.add_argument("--window", type=int, metavar="N", help="latent columns of a window", **unset)
    research.add_argument("--windows", choices=get_args(WindowLayout), help="window layout (default: ring)", **unset)
    research.add_argument(
        "--noise", metavar="FILE", help="start from the tensor 'noise' of this safetensors file", **unset
    )


def _add_direction_arguments(parser: argparse.ArgumentParser) -> None:
    """Where things are in the sky. Parts of a job are written as ``key=value``, with commas between."""
    unset: dict[str, Any] = {"default": argparse.SUPPRESS}
    where = parser.add_argument_group("what is where")
    where.add_argument("--start", metavar="FILE", help="a panorama or sketch (2:1) to begin with", **unset)
    where.add_argument(
        "--layout",
        type=_drawn,
        metavar="KEYS|prompt|none",
        help="a drawn sky to begin with, such as azimuth=120,elevation=8,clouds=few,ground=sea,horizon=mountains, or "
        "what the prompt says (default with sky-small), or none",
        **unset,
    )
    where.add_argument(
        "--strength", type=float, metavar="S", help="how far to depart from start or layout, 0 to 1", **unset
    )
    where.add_argument("--mask", metavar="FILE", help="repaint the start only where this picture is white", **unset)
    where.add_argument(
        "--draw-named", action="store_true", help="begin behind it with the prompt's clouds or ground, drawn", **unset
    )
    where.add_argument(
        "--erase",
        action="store_true",
        help="begin behind the mask, or without one the sun, from elsewhere in the sky, so that it goes",
        **unset,
    )
    where.add_argument(
        "--feather", type=float, metavar="DEGREES", help="soft edge of mask and photos (default: 3)", **unset
    )
    where.add_argument(
        "--photo",
        dest="photos",
        action="append",
        type=_photo,
        metavar="FILE[,KEYS]",
        help="paint around this photo, such as pier.jpg,azimuth=90,elevation=5,field_of_view=65; may be repeated",
        **unset,
    )
    where.add_argument(
        "--region",
        dest="regions",
        action="append",
        type=_region,
        metavar="PROMPT[,KEYS]",
        help="what is in one direction, such as 'a storm,azimuth=270,width=120,lowest=0'; may be repeated",
        **unset,
    )
    where.add_argument("--control", metavar="FOLDER", help="a ControlNet of the model's family", **unset)
    where.add_argument("--control-image", metavar="FILE", help="what it follows, such as a depth map (2:1)", **unset)
    where.add_argument("--control-scale", type=float, metavar="S", help="how strictly (default: 1)", **unset)


def _drawn(text: str) -> dict[str, Any] | str:
    return text if text in get_args(LayoutWord) else _layout(text)


def _layout(text: str) -> dict[str, Any]:
    rest, keys = _keys(text)
    if rest:
        raise argparse.ArgumentTypeError(f"'{rest}' is not key=value")
    return keys


def _sky_only(text: str) -> dict[str, Any]:
    keys = _layout(text)
    if isinstance(keys.get("colour"), str):
        with suppress(ValueError):  # what is no number is refused with the job
            keys["colour"] = [float(channel) for channel in keys["colour"].split("/")]
    return keys


def _photo(text: str) -> dict[str, Any]:
    file, keys = _keys(text)
    return {"file": file} | keys


def _region(text: str) -> dict[str, Any]:
    prompt, keys = _keys(text)
    return {"prompt": prompt} | keys


def _keys(text: str) -> tuple[str, dict[str, Any]]:
    """What comes before the first ``key=value`` in *text*, commas and all, and these."""
    pieces, keys = text.split(","), {}
    while pieces and (match := re.fullmatch(r"\s*(\w+)=(.*)", pieces[-1])):
        value: Any = match[2].strip()
        with suppress(ValueError):  # what is no number or truth value is text
            value = json.loads(value)
        keys[match[1]] = value
        pieces.pop()
    return ",".join(pieces).strip(), keys


def _lora(text: str) -> tuple[str, float]:
    file, colon, scale = text.rpartition(":")
    try:
        return (file, float(scale)) if colon else (text, 1.0)
    except ValueError:  # the colon belongs to the file's name, as in C:/sky.safetensors
        return text, 1.0


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of a :class:`Job` that were set on the command line."""
    names = {field.name for field in fields(Job)}
    return {name: value for name, value in vars(arguments).items() if name in names and value is not None}
