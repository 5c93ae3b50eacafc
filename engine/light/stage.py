"""From a decoded picture to light: highlights restored, a true sun, the exposure that was asked for."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..job import Job
from ..job_parts import Layout
from ..sphere.equirectangular import azimuth_elevation, direction, pixels
from .clear_sky import judge_turbidity
from .detection import Spot, find_spot
from .found import Colour, FoundLight
from .highlights import expand
from .photometry import check_panorama, level_irradiance, luminance
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
    spot, notices = _spot(radiance, job) if job.layout is None else (_drawn(job.layout), ())
    stays = untouched is not None and bool(untouched[_pixel(spot.towards, radiance.shape[1])])
    shines = spot.kind == "sun" and job.sun == "auto"
    given = radiance
    if clips and job.sun == "auto":
        radiance = expand(radiance, spot.towards if shines and not stays else None)
    sun = None
    if shines:
        turbidity = judge_turbidity(radiance) if job.turbidity is None else job.turbidity
        lit, sun = restore_sun(radiance, spot.towards, turbidity, job.sun_ratio)
        if not stays:
            radiance = lit
        elif sun.added:  # what is there now is no sun's light, and it stays
            sun = None
    if untouched is not None:
        radiance = torch.where(untouched, given, radiance)
    white = level_irradiance(radiance) / math.pi
    card = luminance(white).item()
    gain = 1.0 if job.exposure is None or not card else 2**job.exposure / card
    light = replace(_found(spot, sun, card), white=_colour(white))
    if gain != 1.0:
        radiance, light = radiance * gain, brighter(light, gain)
    return Lit(radiance, light, notices)


def _drawn(layout: Layout) -> Spot:
    """The sun or moon where the layout has put it."""
    return Spot(direction(layout.azimuth, layout.elevation), 0.0, layout.shows)


def _pixel(towards: Tensor, height: int) -> tuple[int, int]:
    row, column = (int(place.round()) for place in pixels(towards, height))
    return min(max(row, 0), height - 1), column % (2 * height)


def _spot(radiance: Tensor, job: Job) -> tuple[Spot, tuple[tuple[str, str], ...]]:
    """The sun or moon that is seen, or that the prompt asks for: then it stands where the sky is brightest."""
    if job.mask is not None:  # the prompt speaks of what is inside, the sun may stand outside
        return find_spot(radiance), ()
    asked = sun_elevations(job.prompt)
    spot = find_spot(radiance, (asked[0] - _TOLERANCE, asked[1] + _TOLERANCE) if asked else (0.0, 90.0))
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


def _found(spot: Spot, sun: Sun | None, card: float) -> FoundLight:
    if spot.kind == "none":
        return FoundLight(kind="none", white_card=card)
    azimuth, elevation = (round(angle, 3) for angle in azimuth_elevation(spot.towards))
    place = FoundLight(
        kind=spot.kind,
        white_card=card,
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
