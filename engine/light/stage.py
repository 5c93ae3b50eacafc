"""From a decoded picture to light: highlights restored, a true sun, the exposure that was asked for."""

import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ..job import Job
from ..sphere.equirectangular import azimuth_elevation, direction, pixels
from ..start.prompt_layout import beginning
from .clear_sky import CLEAR, judge_turbidity
from .detection import Spot, find_spot, look_around
from .dimming import optical_depth
from .found import Colour, FoundLight, read_light
from .ground import lay_ground
from .highlights import expand
from .photometry import check_panorama, level_irradiance, luminance
from .placing import placed
from .prompt import asks_for_moon, rules_out_sun, sun_elevations
from .sun import SUN_SIZE, Sun, restore_sun

_TOLERANCE = 15.0  # degrees: models do not take an hour as exactly as its name is meant


@dataclass(frozen=True)
class Lit:
    """A finished panorama ``[3, H, 2 H]``, what lights it, and what the artist should know (code and message)."""

    radiance: Tensor
    light: FoundLight
    notices: tuple[tuple[str, str], ...] = ()


def light_panorama(radiance: Tensor, job: Job, clips: bool, untouched: Tensor | None = None) -> Lit:
    """Make the panorama ``[3, H, 2 H]`` light a scene as its sky would. clips: its white is 1, as a display's.
    untouched: pixels ``[H, 2 H]`` that stay as they are; a sun that stands there is found and not made stronger.

    Raises :class:`BadRequest` for what is no panorama: see :func:`check_panorama`.
    """
    check_panorama(radiance)
    height = radiance.shape[1]
    noted = kept = None
    if untouched is not None and (noted := _noted(job)) and _is_at(untouched, noted):
        kept = noted
    spot, notices = _spot(radiance, job, kept, clips)
    stays = untouched is not None and bool(untouched[_pixel(spot.towards, height)])
    if job.erase and (not stays or noted != kept):  # what looks like a sun is left of what shall be gone, or its glare
        spot = replace(spot, kind="none")
    shines = spot.kind == "sun" and job.sun == "auto" and not stays
    given = radiance
    if clips and job.sun == "auto":
        radiance = expand(radiance, spot.towards if shines else None)
    bright, sun = radiance, None
    if shines:
        if job.turbidity is None and clips and spot.seen:
            turbidity, depth = CLEAR, optical_depth(look_around(given, spot.towards))
        else:  # a soft model's sun is white in its middle only, whatever is before it
            turbidity, depth = job.turbidity or judge_turbidity(radiance), 0.0
        radiance, sun = restore_sun(bright, spot.towards, turbidity, depth, job.sun_ratio)
    if untouched is not None:
        radiance = torch.where(untouched, given, radiance)
    white = level_irradiance(radiance) / math.pi
    if job.sky_only:
        radiance = lay_ground(radiance, bright, white, job.sky_only)
    card = luminance(white).item()
    gain = 1.0 if job.exposure is None or not card else 2**job.exposure / card
    light = replace(kept or _found(spot, sun), white=_colour(white), white_card=card)
    if gain != 1.0:
        radiance, light = radiance * gain, brighter(light, gain)
    return Lit(radiance, light, notices)


def _noted(job: Job) -> FoundLight | None:
    """The sun or moon that the edited panorama's header tells of."""
    light = read_light(Path(job.start)) if job.start else None
    return light if light and light.kind != "none" else None


def _is_at(places: Tensor, light: FoundLight) -> bool:
    """Whether *light* is in one of *places* ``[H, 2 H]``."""
    return bool(places[_pixel(direction(light.azimuth, light.elevation), len(places))])


def _pixel(towards: Tensor, height: int) -> tuple[int, int]:
    row, column = (int(place.round()) for place in pixels(towards, height))
    return min(max(row, 0), height - 1), column % (2 * height)


def _spot(radiance: Tensor, job: Job, kept: FoundLight | None, clips: bool) -> tuple[Spot, tuple[tuple[str, str], ...]]:
    """The sun or moon that was *kept*, that the layout has put there, that is seen, or that the prompt asks for: then
    it stands where the sky is brightest."""
    if kept:
        return Spot(direction(kept.azimuth, kept.elevation), kept.extent, kept.kind), ()
    layout = beginning(job)
    others = any(region.prompt != job.prompt for region in job.regions)  # which may hide that sun, and have their own
    if layout and not (job.layout == "prompt" and others):
        return Spot(direction(layout.azimuth, layout.elevation), 0.0, layout.shows), ()
    if job.edits:  # the prompt speaks of what is inside, the sun may stand outside
        return _seen(radiance, clips), ()
    asked = sun_elevations(job.prompt)
    spot = _seen(radiance, clips, _about(*asked) if asked else (0.0, 90.0))
    if spot.kind == "sun" and rules_out_sun(job.prompt):
        return replace(spot, kind="moon" if asks_for_moon(job.prompt) else "none"), ()
    if spot.kind == "moon" and asked:
        spot = replace(spot, kind="sun")
    if spot.kind == "sun" and spot.rivals:
        return spot, (("two_suns", "The picture seems to show two suns; the light comes from the brighter one."),)
    if spot.kind == "none" and asked and job.sun == "auto":
        hidden = replace(find_spot(radiance, asked), kind="sun", seen=False)
        return hidden, (("sun_not_seen", "No sun can be seen, so one was put where the sky is brightest."),)
    return spot, ()


def _seen(radiance: Tensor, clips: bool, elevations: tuple[float, float] = (0.0, 90.0)) -> Spot:
    """What :func:`find_spot` finds; a soft sun's middle is where it is brightest, a clipped one's only near that."""
    spot = find_spot(radiance, elevations)
    if not clips or spot.kind != "sun":
        return spot
    return replace(spot, towards=placed(partial(look_around, radiance), spot.towards))


def _about(low: float, high: float) -> tuple[float, float]:
    """Elevations at which a sun may be seen that is asked for between these, in degrees.

    Downwards at most half way to the horizon, whose glow in the morning is often brighter than the sun.
    """
    return max(low - _TOLERANCE, low / 2), high + _TOLERANCE


def _found(spot: Spot, sun: Sun | None) -> FoundLight:
    if spot.kind == "none":
        return FoundLight(kind="none")
    azimuth, elevation = (round(angle, 3) for angle in azimuth_elevation(spot.towards))
    place = FoundLight(
        kind=spot.kind,
        azimuth=azimuth,
        elevation=elevation,
        extent=spot.extent,
        seen=spot.seen,
    )
    if sun is None:
        return place
    return replace(
        place,
        clipped=sun.added,
        size=SUN_SIZE,
        reach=sun.reach,
        irradiance=_colour(sun.irradiance),
        glow=sun.glow,
        ratio=sun.ratio,
    )


def brighter(light: FoundLight, gain: float) -> FoundLight:
    """*light* of a panorama that was multiplied by *gain*."""
    irradiance, white = (
        (red * gain, green * gain, blue * gain) for red, green, blue in (light.irradiance, light.white)
    )
    return replace(light, white_card=light.white_card * gain, irradiance=irradiance, white=white)


def _colour(values: Tensor) -> Colour:
    red, green, blue = values.tolist()
    return red, green, blue
