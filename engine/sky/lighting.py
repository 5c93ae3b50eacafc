"""What lights a scene: clear sky, direct sun, ambient light, already at the exposure of the picture."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .atmosphere import Atmosphere
from .parameters import Glow, Time
from .scene import Dome, Scene, luminance, per_picture, per_pixel, ring, ring_mean

_MIDDLE_GREY = 0.23
_ADAPTATION = 0.8  # 1 would make every hour equally bright; less keeps noon brighter than dusk, as an eye does
_MOON_EXPOSURE, _MOON_TINT = 0.09, (0.66, 0.92, 1.3)
_MORNING_SUN, _MORNING_SKY, _MORNING_GLOW = (0.92, 0.76, 0.5), (0.8, 0.93, 1.02), (1.7, 1.22, 0.66)
_EMBERS = {
    Glow.ORANGE: (1.0, 0.36, 0.08),
    Glow.GOLDEN: (0.9, 0.52, 0.10),
    Glow.RED: (1.0, 0.13, 0.05),
    Glow.PINK: (1.0, 0.24, 0.42),
}
_TINTS = {
    Glow.ORANGE: (1.0, 1.0, 1.0),
    Glow.GOLDEN: (1.08, 1.0, 0.72),
    Glow.RED: (1.25, 0.46, 0.36),
    Glow.PINK: (1.0, 0.76, 1.35),
}
_AIRGLOW, _NIGHT_AMBIENT = (0.0085, 0.015, 0.034), (0.12, 0.15, 0.23)


@dataclass(frozen=True)
class Light:
    """``sky``: [batch, 3, rows, width] radiance. ``sun``, ``sun_aloft``: [batch, 3] irradiance facing the sun, at the
    ground and at the clouds. ``ambient``: [batch, 3] irradiance of the sky on the ground. ``horizon``: [batch, 3, 1,
    width] radiance of the clear sky's lowest rows. ``turn``: [batch, rows, width], radians from the sun's azimuth.
    """

    sky: Tensor
    sun: Tensor
    sun_aloft: Tensor
    ambient: Tensor
    horizon: Tensor
    turn: Tensor

    def under_deck(self, opacity: Tensor, clouded: Tensor, dome: Dome) -> "Light":
        """The light below a closed deck of this *opacity* [batch], 0 without one: no direct sun to speak of, and what
        the whole *clouded* upper half of *dome*, [batch, 3, rows, width], sends down.
        """
        deck = opacity[:, None]
        ambient = torch.where(deck > 0, dome.irradiance(clouded), self.ambient)
        return replace(self, sun=self.sun * (1 - deck) ** 2, ambient=ambient)

    def towards(self, part: Dome, scene: Scene, dome: Dome) -> "Light":
        """The same light in the directions of *part*; it was looked up in those of a whole *dome*. Air is smooth."""
        return replace(
            self,
            sky=dome.look_up(self.sky, part.x, part.y, part.z),
            horizon=ring(self.horizon, part.width),
            turn=_turn(scene, part),
        )


def light(atmosphere: Atmosphere, scene: Scene, dome: Dome) -> Light:
    """Look the clear air up and expose it partly automatically; moonlight is a dim bluish sun, night has a floor."""
    turn = _turn(scene, dome)
    air = (scene.aerosol, scene.sun_elevation)
    sky = atmosphere.sky(*air, dome.elevation, turn)
    ambient = atmosphere.ambient(*air)
    grey = luminance(ambient) / math.pi
    exposure = (_MIDDLE_GREY / grey.clamp(min=1e-7)).pow(_ADAPTATION).clamp(0.5, 80.0)
    exposure = torch.where(scene.moonlit > 0, _MOON_EXPOSURE, exposure)
    moonlight = torch.where(scene.moonlit[:, None] > 0, sky.new_tensor(_MOON_TINT), torch.ones(3, device=scene.device))
    scale = exposure[:, None] * moonlight

    lowness = _lowness(scene)[:, None]
    tint = torch.lerp(torch.ones_like(scale), scene.glow(_TINTS), lowness)
    morning = scene.time(Time.MORNING)[:, None]
    cool, warm = (tint.lerp(tint * tint.new_tensor(rgb), morning) for rgb in (_MORNING_SKY, _MORNING_SUN))
    sky = sky * per_picture(cool) + _afterglow(scene, dome, sky, turn)
    sky = _morning_glow(scene, dome, sky, turn)
    darkness = torch.maximum(scene.nocturnal, ((-2 - scene.sun_elevation) / 8).clamp(0, 1) * 0.35)
    airglow = per_picture(sky.new_tensor(_AIRGLOW)[None]) * (1 + 1.3 * (1 - dome.z[:, None]) ** 4)
    sky = sky * per_picture(scale) + airglow * per_picture(darkness)
    ambient = ambient * scale * cool + sky.new_tensor(_NIGHT_AMBIENT) * darkness[:, None]
    ambient = ambient + sky.new_tensor((0.02, 0.12, 0.05)) * scene.aurora[:, None]
    return Light(
        sky=sky,
        sun=atmosphere.sun_at_ground(*air) * scale * warm,
        sun_aloft=atmosphere.sun_at_clouds(*air) * scale * warm,
        ambient=ambient,
        horizon=sky[:, :, -max(1, dome.rows // 24) :].mean(2, keepdim=True),
        turn=turn,
    )


def _turn(scene: Scene, dome: Dome) -> Tensor:
    return dome.turn_from(scene.sun_longitude).expand(-1, dome.rows, -1)


def _lowness(scene: Scene) -> Tensor:
    """1 with the sun on the horizon, all but gone at 15 degrees, [batch]."""
    return torch.exp(-(((scene.sun_elevation - 0.5) / 8) ** 2)) * (1 - scene.nocturnal)


def _afterglow(scene: Scene, dome: Dome, sky: Tensor, turn: Tensor) -> Tensor:
    """The orange band of a low sun, which the tables' two scattering layers leave too pale; a painter's term.

    As bright as the clear horizon below the sun, strongest with the sun on the horizon, all but gone at 15 degrees.
    """
    horizon = luminance(sky[:, :, -1]).amax(1)
    side = 0.25 + 0.75 * (0.5 + 0.5 * turn.cos()).square()
    band = side * (1.1 * torch.exp(-dome.z * 16) + 0.5 * torch.exp(-dome.z * 4))
    return per_picture(scene.glow(_EMBERS)) * (per_pixel(_lowness(scene) * horizon) * band)[:, None]


def _morning_glow(scene: Scene, dome: Dome, sky: Tensor, turn: Tensor) -> Tensor:
    """Pale gold low in a morning's *sky*, highest on the sun's side; a painter's term like the afterglow."""
    side = 0.5 + 0.5 * (0.5 + 0.5 * turn.cos() * dome.horizontal)
    share = (
        per_pixel(scene.time(Time.MORNING)) * side * (0.5 * torch.exp(-dome.z * 8) + 0.48 * torch.exp(-dome.z * 2.5))
    )
    horizon = luminance(sky[:, :, -1:])[:, None]
    broad = ring_mean(horizon, dome.width // 6)
    horizon = horizon.lerp(broad, 1 - torch.exp(-6 * dome.z)[:, None])  # or what is below the sun shone to the zenith
    return sky.lerp(per_picture(sky.new_tensor(_MORNING_GLOW)[None]) * horizon, share[:, None])
