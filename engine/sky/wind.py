"""Directions as a cloud is seen in them: along and across the wind, towards the sun and away from it."""

from torch import Tensor

from .scene import Dome, Scene, per_pixel


def henyey_greenstein(g: float, cosine: Tensor) -> Tensor:
    """Phase function times 4 pi."""
    return (1 - g * g) / (1 + g * g - 2 * g * cosine) ** 1.5


class WindView:
    """Directions in the wind's frame, and how strongly a cloud in each direction forwards the sun."""

    def __init__(self, scene: Scene, dome: Dome) -> None:
        wind = scene.uniform("wind") * 6.2832
        c, s = per_pixel(wind.cos()), per_pixel(wind.sin())
        self.along, self.across = dome.x * c - dome.y * s, dome.x * s + dome.y * c
        x, y, z = (per_pixel(axis) for axis in scene.sun.unbind(1))
        self.sun_along, self.sun_across = x * c - y * s, x * s + y * c
        self.sun_height = z.clamp(0.05, 1)
        self.towards_sun = dome.cosine_to(scene.sun)
        forward = 0.25 * henyey_greenstein(0.82, self.towards_sun).clamp(max=14)
        self.silver = forward + 0.55 + 0.2 * henyey_greenstein(-0.2, self.towards_sun)
        self.offset = [per_pixel(o) for o in (scene.uniform("clouds", 8) * 9).unbind(1)]
