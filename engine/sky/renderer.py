"""A procedural sky from top to bottom: air, stars, clouds, sun, haze, horizon, ground, exposure."""

import dataclasses
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..light.transfer import HALF_MAX
from ..sphere.equirectangular import box_filter
from .atmosphere import Atmosphere
from .celestial import disc, night_sky
from .city import city_glow, skyline
from .clouds import cover
from .coast import coast
from .cumulus import cumulus_within
from .fog import fog
from .ground import Plane, Surroundings, ground
from .horizon import silhouettes
from .lighting import Light, light
from .moon import by_phase
from .noise import NoiseAtlas
from .parameters import Clouds, Ground, SkyParameters
from .rays import beams
from .scene import Dome, Scene, luminance, per_picture, per_pixel
from .wind import WindView

_KEY = 0.13  # log-mean luminance that exposure steers towards
_ADAPTATION = 0.5
_MOST_GAIN, _MOST_GAIN_AT_NIGHT, _MOST_GAIN_IN_STORM = 2.2, 2.0, 0.8
_MIRROR_BLUR = 12  # of the rows above the horizon: 7 degrees to each side, twice


class SkyRenderer:
    """Renders :class:`SkyParameters` as HDR panoramas; wraps by construction.

    *seed* chooses the noise from which clouds and ground are made; the same seed and parameters give the same picture.
    Making one takes about a second (the atmosphere's tables).
    """

    def __init__(self, seed: int = 0, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._atmosphere = Atmosphere(self._device)
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Draw new noise, as a renderer made with *seed* would have."""
        self._noise = NoiseAtlas(seed, self._device)

    @torch.no_grad()
    def render(self, parameters: Sequence[SkyParameters], height: int) -> Tensor:
        """Scene-linear Rec.709 radiance, [batch, 3, height, 2 * height], at most 65504; *height* is even.

        Azimuth 90 degrees (+X) is the centre column, as in Blender; azimuth grows to the right.
        """
        scene, dome = Scene(parameters, self._device), Dome(height, self._device)
        picture, _, _ = self._unexposed(scene, dome, self._lit(scene, dome))
        return (picture * per_picture(_gain(picture, scene, dome))).clamp(0, HALF_MAX)

    @torch.no_grad()
    def ground_rows(self, parameters: SkyParameters, seen: int) -> Callable[[int, range], Tensor]:
        """What draws, of a panorama of a given height, some rows of the ground alone, counted down from the horizon.

        [3, rows, 2 * height] as in :meth:`render`, but that water mirrors, and far ground fades into, a sky of *seen*
        rows: no more than that and the rows that are drawn is held. A sea mirrors it without its edges, which waves
        finer than any pixel spread. Fog and coasts are left out.
        """
        scene, dome = Scene([parameters], self._device), Dome(seen, self._device)
        picture, around, lift = self._unexposed(scene, dome, self._lit(scene, dome))
        gain = per_picture(_gain(picture, scene, dome))
        sea = per_picture(scene.ground(Ground.SEA))
        around = dataclasses.replace(around, sky=around.sky.lerp(_blurred(around.sky[0])[None], sea))

        def draw(height: int, rows: range) -> Tensor:
            plane = Plane(scene, Dome(height, self._device, rows), self._noise)
            there = dataclasses.replace(around, air=_around(around.air, 2 * height))
            return (ground(scene, plane, there, lift)[0] * gain).clamp(0, HALF_MAX)[0]

        return torch.no_grad()(draw)

    @torch.no_grad()
    def cumulus_within(self, parameters: SkyParameters, kind: Clouds, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A sky, and cumulus of a *kind* that belongs into it, in one area alone.

        inside: [rows, width] of the upper half, from 0 at the edge of the area and beyond to 1 well inside. Returns the
        sky as :meth:`render` does, [3, 2 rows, width]; the clouds' radiance times their opacity, [3, rows, width], in
        the same exposure; and their opacity, [1, rows, width].
        """
        dome = Dome(2 * len(inside), self._device)
        scene, clouded = (
            Scene([one], self._device) for one in (parameters, dataclasses.replace(parameters, clouds=kind))
        )
        lit = self._lit(scene, dome)
        picture, _, _ = self._unexposed(scene, dome, lit)
        gain = per_picture(_gain(picture, scene, dome))
        view = WindView(clouded, dome)
        colour, opacity = cumulus_within(inside.to(self._device), clouded, dome, lit, self._noise, view)
        return (picture * gain).clamp(0, HALF_MAX)[0], (colour * gain)[0], opacity[0]

    def _lit(self, scene: Scene, dome: Dome) -> Light:
        return by_phase(scene, light(self._atmosphere, scene, dome))

    def _unexposed(self, scene: Scene, dome: Dome, lit: Light) -> tuple[Tensor, Surroundings, Tensor]:
        """The panorama, and what its ground was drawn with."""
        covered = cover(scene, dome, lit, self._noise, lit.sky + night_sky(scene, dome, self._noise))
        below = lit.under_clouds(covered.deck)
        air = _air_light(covered.radiance, lit, dome)
        upper = covered.radiance + disc(scene, dome, lit, self._noise) * covered.transmittance
        if scene.bearing("city")[0].any():
            upper = upper + city_glow(scene, dome, 1 - covered.transmittance)
        upper = beams(scene, dome, lit, self._noise, covered.transmittance, upper)
        haze = torch.exp(-dome.z * 14) * per_pixel(scene.haze) * 0.75
        mist = torch.exp(-dome.z * 24) * per_pixel(scene.mist) * 0.7
        upper = upper.lerp(lit.horizon, torch.maximum(haze, mist)[:, None])
        upper = silhouettes(scene, dome, below, self._noise, upper, air)
        if scene.skyline.any():
            upper = skyline(scene, dome, below, upper, air)
        around = Surroundings(below, dome, upper, air, covered.deck)
        lower, lift = ground(scene, Plane(scene, dome, self._noise), around)
        if scene.coast.any():
            lower = coast(scene, dome, below, self._noise, lower, upper, air, covered.deck)
        picture = torch.cat([upper, lower], 2)
        if scene.fog.any():
            picture = fog(scene, dome, below, self._noise, picture, air)
        return picture, around, lift


def _air_light(sky: Tensor, lit: Light, dome: Dome) -> Tensor:
    """Radiance of the air before distant things, [batch, 3, 1, width]: the sky's lowest rows, smoothed around."""
    low = sky[:, :, -max(1, dome.rows // 8) :].mean(2, keepdim=True)
    low = torch.minimum(low, lit.horizon * 1.5)
    reach = dome.width // 32
    return F.avg_pool2d(F.pad(low, (reach, reach, 0, 0), mode="circular"), (1, 2 * reach + 1), 1)


def _around(air: Tensor, width: int) -> Tensor:
    """*air* [batch, 3, 1, n] in as many columns as *width*."""
    count = air.shape[3]
    place = (torch.arange(width, device=air.device) + 0.5) * (count / width) - 0.5
    left = place.floor().long()
    return air[..., left % count].lerp(air[..., (left + 1) % count], place - left)


def _blurred(sky: Tensor) -> Tensor:
    """The upper half *sky* ``[3, rows, width]``, as rough water mirrors it."""
    reach = max(1, sky.shape[1] // _MIRROR_BLUR)
    for _ in range(2):
        sky = torch.stack([box_filter(channel, reach) for channel in sky])
    return sky


def _gain(picture: Tensor, scene: Scene, dome: Dome) -> Tensor:
    """Exposure by the log-mean luminance over solid angle (Reinhard 2002), softened so that moods survive, [batch]."""
    weight = torch.cat([dome.horizontal, dome.horizontal.flip(1)], 1)
    level = (luminance(picture).clamp(1e-3, 4).log() * weight).mean((1, 2)) / weight.mean()
    gain = (_KEY / level.exp()).pow(_ADAPTATION).clamp(0.6, _MOST_GAIN)
    gain = torch.where(scene.nocturnal > 0, gain.clamp(max=_MOST_GAIN_AT_NIGHT), gain)
    return torch.where(scene.clouds(Clouds.STORM) > 0, gain.clamp(max=_MOST_GAIN_IN_STORM), gain)
