"""A procedural sky from top to bottom: air, stars, clouds, sun, haze, horizon, ground, exposure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..light.transfer import HALF_MAX
from .atmosphere import Atmosphere
from .celestial import disc, night_sky, seen_of
from .city import city_glow, skyline
from .clouds import Cover, cover
from .coast import coast
from .cumulus import cumulus_within
from .fog import fog
from .ground import Plane, Surroundings, ground
from .horizon import silhouettes
from .lighting import Light, light
from .moon import by_phase
from .noise import NoiseAtlas
from .parameters import Clouds, SkyParameters
from .rays import along_arcs, beams
from .scene import Dome, Scene, luminance, per_picture, per_pixel, ring, ring_mean
from .water import mirrorable
from .wind import WindView

_KEY = 0.13  # log-mean luminance that exposure steers towards
_ADAPTATION = 0.5
_MOST_GAIN, _MOST_GAIN_AT_NIGHT, _MOST_GAIN_IN_STORM = 2.2, 2.0, 0.8


@dataclass(frozen=True)
class _Whole:
    """What a whole sky tells of its parts: what the ground is lit by, where the air has beams, and by what ground and
    land were judged; see :func:`along_arcs`, :func:`ground` and :func:`coast`.
    """

    around: Surroundings
    arcs: Tensor | None
    lift: Tensor
    level: Tensor | None


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
        picture, _ = self._unexposed(scene, dome, self._lit(scene, dome))
        return (picture * per_picture(_gain(picture, scene, dome))).clamp(0, HALF_MAX)

    @torch.no_grad()
    def rows(self, parameters: SkyParameters, seen: int) -> Callable[[int, range], Tensor]:
        """What draws, of a panorama of a given height, some rows alone, counted down from the zenith, of one half.

        [3, rows, 2 * height] as in :meth:`render`, but that what the whole sky tells (its clear light, the air before
        distant things, exposure), and what water mirrors, is told by one of *seen* rows: no more than that and the rows
        that are drawn is held.
        """
        scene, dome = Scene([parameters], self._device), Dome(seen, self._device)
        lit = self._lit(scene, dome)
        picture, whole = self._unexposed(scene, dome, lit)
        gain = _gain(picture, scene, dome)

        def draw(height: int, rows: range) -> Tensor:
            around = replace(whole.around, air=ring(whole.around.air, 2 * height))
            above = height // 2 - rows.start  # rows from the first down to the horizon
            if above > 0:
                part = Dome(height, self._device, range(above - len(rows), above))
                there = lit.towards(part, scene, dome)
                below = replace(there, sun=around.lit.sun, ambient=around.lit.ambient)
                covered = self._covered(scene, part, there)
                source = disc(scene, part, there, self._noise)
                drawn = self._upper(scene, part, there, below, covered, source, around.air, whole.arcs)
                drawn = self._foggy(scene, (part.x, part.y, part.z), around, drawn)
            else:
                plane = Plane(scene, Dome(height, self._device, range(-above, len(rows) - above)), self._noise)
                drawn, _, _ = self._lower(scene, plane, around, whole.lift, whole.level)
                drawn = self._foggy(scene, (plane.x, plane.y, plane.z), around, drawn)
            return (drawn * per_picture(gain)).clamp(0, HALF_MAX)[0]

        return torch.no_grad()(draw)

    @torch.no_grad()
    def cumulus_within(self, parameters: SkyParameters, kind: Clouds, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A sky, and cumulus of a *kind* that belongs into it, in one area alone.

        inside: [rows, width] of the upper half, from 0 at the edge of the area and beyond to 1 well inside. Returns the
        sky as :meth:`render` does, [3, 2 rows, width]; the clouds' radiance times their opacity, [3, rows, width], in
        the same exposure; and their opacity, [1, rows, width].
        """
        dome = Dome(2 * len(inside), self._device)
        scene, clouded = (Scene([one], self._device) for one in (parameters, replace(parameters, clouds=kind)))
        lit = self._lit(scene, dome)
        picture, _ = self._unexposed(scene, dome, lit)
        gain = per_picture(_gain(picture, scene, dome))
        view = WindView(clouded, dome)
        colour, opacity = cumulus_within(inside.to(self._device), clouded, dome, lit, self._noise, view)
        return (picture * gain).clamp(0, HALF_MAX)[0], (colour * gain)[0], opacity[0]

    @torch.no_grad()
    def standing(self, parameters: SkyParameters, height: int) -> Tensor:
        """Opacity [1, height, 2 * height] of what stands on the horizon, without a city's towers."""
        scene, dome = Scene([parameters], self._device), Dome(height, self._device)
        lit, nothing = self._lit(scene, dome), torch.zeros(1, 3, dome.rows, dome.width, device=self._device)
        over = [
            silhouettes(scene, dome, lit, self._noise, sky, nothing[:, :, :1])[0, :1] for sky in (nothing, nothing + 1)
        ]
        return torch.cat([1 - (over[1] - over[0]), nothing[0, :1]], 1)

    def _lit(self, scene: Scene, dome: Dome) -> Light:
        return by_phase(scene, light(self._atmosphere, scene, dome))

    def _unexposed(self, scene: Scene, dome: Dome, lit: Light) -> tuple[Tensor, _Whole]:
        """The panorama, and what it tells of its parts."""
        covered = self._covered(scene, dome, lit)
        air = _air_light(covered.radiance, lit, dome)
        arcs = along_arcs(scene, dome, self._noise, covered.transmittance) if scene.rays.any() else None
        below = lit.under_deck(covered.deck, covered.radiance, dome)
        source = disc(scene, dome, lit, self._noise)
        upper = self._upper(scene, dome, lit, below, covered, source, air, arcs)
        seen = scene.disc_seen * seen_of(source, covered.transmittance, upper)
        around = Surroundings(below, dome, mirrorable(scene, dome, upper), air, lit.sun * seen[:, None])
        plane = Plane(scene, dome, self._noise)
        lower, lift, level = self._lower(scene, plane, around)
        both = ((dome.x, plane.x), (dome.y, plane.y), (dome.z, plane.z))
        directions = [torch.cat(axes, 1) for axes in both]
        picture = self._foggy(scene, directions, around, torch.cat([upper, lower], 2))
        return picture, _Whole(around, arcs, lift, level)

    def _covered(self, scene: Scene, dome: Dome, lit: Light) -> Cover:
        return cover(scene, dome, lit, self._noise, lit.sky + night_sky(scene, dome, self._noise))

    def _upper(
        self,
        scene: Scene,
        dome: Dome,
        lit: Light,
        below: Light,
        covered: Cover,
        source: Tensor,
        air: Tensor,
        arcs: Tensor | None,
    ) -> Tensor:
        """The sky, lit above its clouds, with its *source* of light and what stands on the horizon *below* them."""
        upper = covered.radiance + source * covered.transmittance
        if scene.bearing("city")[0].any():
            upper = upper + city_glow(scene, dome, 1 - covered.transmittance)
        if arcs is not None:
            upper = beams(scene, dome, lit, arcs, upper)
        haze = torch.exp(-dome.z * 14) * per_pixel(scene.haze) * 0.75
        mist = torch.exp(-dome.z * 24) * per_pixel(scene.mist) * 0.7
        upper = upper.lerp(lit.horizon, torch.maximum(haze, mist)[:, None])
        upper = silhouettes(scene, dome, below, self._noise, upper, air)
        return skyline(scene, dome, below, upper, air) if scene.skyline.any() else upper

    def _lower(
        self,
        scene: Scene,
        plane: Plane,
        around: Surroundings,
        lift: Tensor | None = None,
        level: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """The ground with its coast, and what it was judged by: see :func:`ground` and :func:`coast`."""
        lower, lift = ground(scene, plane, around, lift)
        if scene.coast.any():
            lower, level = coast(scene, plane, around, lower, level)
        return lower, lift, level

    def _foggy(self, scene: Scene, directions: Sequence[Tensor], around: Surroundings, seen: Tensor) -> Tensor:
        return fog(scene, directions, around.lit, self._noise, seen, around.air) if scene.fog.any() else seen


def _air_light(sky: Tensor, lit: Light, dome: Dome) -> Tensor:
    """Radiance of the air before distant things, [batch, 3, 1, width]: the sky's lowest rows, smoothed around."""
    low = sky[:, :, -max(1, dome.rows // 8) :].mean(2, keepdim=True)
    return ring_mean(torch.minimum(low, lit.horizon * 1.5), dome.width // 32)


def _gain(picture: Tensor, scene: Scene, dome: Dome) -> Tensor:
    """Exposure by the log-mean luminance over solid angle (Reinhard 2002), softened so that moods survive, [batch]."""
    weight = torch.cat([dome.horizontal, dome.horizontal.flip(1)], 1)
    level = (luminance(picture).clamp(1e-3, 4).log() * weight).mean((1, 2)) / weight.mean()
    gain = (_KEY / level.exp()).pow(_ADAPTATION).clamp(0.6, _MOST_GAIN)
    gain = torch.where(scene.nocturnal > 0, gain.clamp(max=_MOST_GAIN_AT_NIGHT), gain)
    return torch.where(scene.clouds(Clouds.STORM) > 0, gain.clamp(max=_MOST_GAIN_IN_STORM), gain)
