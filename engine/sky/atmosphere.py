"""Light scattered by clear air, tabulated once: Rayleigh, Mie and ozone, single plus approximate multiple scattering.

Coefficients and the multiple-scattering approximation follow Hillaire, "A Scalable and Production Ready Sky and
Atmosphere Rendering Technique" (EGSR 2020). Lengths in kilometres, coefficients per kilometre.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GROUND_RADIUS, TOP_RADIUS = 6360.0, 6460.0
_RAYLEIGH = (5.802e-3, 13.558e-3, 33.1e-3)
_OZONE = (0.650e-3, 1.881e-3, 0.085e-3)
_MIE_SCATTERING, _MIE_EXTINCTION, _MIE_ASYMMETRY = 3.996e-3, 4.44e-3, 0.78
_GROUND_ALBEDO = 0.3
_SUN_IRRADIANCE = 12.0  # scene units outside the atmosphere; a sunlit white page then has radiance of about 3
_AEROSOLS = (0.6, 1.8973666, 6.0)  # a geometric row, so that an aerosol's place in it is a logarithm
_VIEWS, _AZIMUTHS = 40, 24
_OBSERVER, _CLOUD_LEVEL = 0.3, 4.0


def _sun_elevations() -> Tensor:
    """Degrees; dense around the horizon, where colour changes fastest."""
    return torch.cat([torch.linspace(-18, -6, 7), torch.linspace(-5, 12, 18), torch.linspace(15, 90, 12)])


def _to_top(radius: Tensor, cosine: Tensor) -> Tensor:
    """Distance from *radius* along a ray with zenith *cosine* to the top of the atmosphere."""
    return -radius * cosine + (radius.square() * (cosine.square() - 1) + TOP_RADIUS**2).clamp(min=0).sqrt()


def _radius_along(radius: Tensor | float, cosine: Tensor, distance: Tensor) -> Tensor:
    return (radius * radius + distance.square() + 2 * radius * distance * cosine).sqrt()


class _Air:
    """Coefficients at a height for one aerosol density."""

    def __init__(self, aerosol: float) -> None:
        self.aerosol = aerosol
        self.rayleigh, self.ozone = torch.tensor(_RAYLEIGH), torch.tensor(_OZONE)

    def scattering(self, height: Tensor) -> tuple[Tensor, Tensor]:
        """Rayleigh and Mie scattering, [..., 3]."""
        mie = torch.exp(-height / 1.2)[..., None] * (_MIE_SCATTERING * self.aerosol)
        return torch.exp(-height / 8)[..., None] * self.rayleigh, mie

    def extinction(self, height: Tensor) -> Tensor:
        rayleigh, mie = self.scattering(height)
        ozone = (1 - (height - 25).abs() / 15).clamp(min=0)[..., None] * self.ozone
        return rayleigh + mie * (_MIE_EXTINCTION / _MIE_SCATTERING) + ozone


class _Table:
    """A colour over (square root of height, cosine), looked up bilinearly."""

    def __init__(self, values: Tensor, top: float, lowest_cosine: float) -> None:
        self._values, self._top, self._lowest = values.permute(2, 0, 1)[None], top, lowest_cosine

    def __call__(self, height: Tensor, cosine: Tensor) -> Tensor:
        u = (cosine - self._lowest) / (1 - self._lowest) * 2 - 1
        v = (height.clamp(0, self._top) / self._top).sqrt() * 2 - 1
        grid = torch.stack([u, v], -1).reshape(1, 1, -1, 2)
        found = F.grid_sample(self._values, grid, align_corners=True, padding_mode="border")
        return found[0, :, 0].T.reshape(*height.shape, 3)


def _transmittance(air: _Air, steps: int = 48) -> _Table:
    """Share of sunlight that reaches a height from a zenith cosine; a soft edge where the Earth hides the sun."""
    height, cosine = torch.linspace(0, 1, 48).square() * 100, torch.linspace(-0.35, 1, 512)
    radius, mu = torch.broadcast_tensors((GROUND_RADIUS + height)[:, None], cosine[None])
    length = _to_top(radius, mu)
    depth = torch.zeros(*radius.shape, 3)
    for i in range(steps):
        along = _radius_along(radius, mu, length * (i + 0.5) / steps)
        depth += air.extinction((along - GROUND_RADIUS).clamp(min=0)) * (length / steps)[..., None]
    horizon = -(1 - (GROUND_RADIUS / radius).square()).clamp(min=0).sqrt()
    visible = torch.sigmoid((mu - horizon) / 0.0025)[..., None]
    return _Table(torch.exp(-depth) * visible, 100.0, -0.35)


def _multiple_scattering(air: _Air, transmittance: _Table, rays: int = 48, steps: int = 16) -> _Table:
    """Isotropic radiance from light scattered twice and more (Hillaire 2020, section 5.5)."""
    height, sun = torch.linspace(0, 1, 12).square() * 80, torch.linspace(-0.3, 1, 28)
    k = torch.arange(rays) + 0.5
    turn, rise = math.pi * (1 + 5**0.5) * k, 1 - 2 * k / rays  # Fibonacci sphere
    side = (1 - rise.square()).sqrt() * turn.cos()
    radius, mu_sun, mu, side = torch.broadcast_tensors(
        (GROUND_RADIUS + height)[:, None, None], sun[None, :, None], rise, side
    )
    discriminant = radius.square() * (mu.square() - 1) + GROUND_RADIUS**2
    hits = (discriminant > 0) & (mu < 0)
    length = torch.where(hits, -radius * mu - discriminant.clamp(min=0).sqrt(), _to_top(radius, mu)).clamp(min=0)
    cosine = mu * mu_sun + side * (1 - mu_sun.square()).clamp(min=0).sqrt()
    radiance, transfer, through = (torch.full((*length.shape, 3), start) for start in (0.0, 0.0, 1.0))
    for i in range(steps):
        start, end = (i / steps) ** 2, ((i + 1) / steps) ** 2
        distance, step = length * (start + end) / 2, length * (end - start)
        along = _radius_along(radius, mu, distance)
        level = (along - GROUND_RADIUS).clamp(min=0)
        extinction = air.extinction(level)
        passed = torch.exp(-extinction * step[..., None])
        rayleigh, mie = air.scattering(level)
        source = through * (rayleigh + mie) / extinction * (1 - passed)
        radiance += source * transmittance(level, (radius * mu_sun + distance * cosine) / along) / (4 * math.pi)
        transfer += source
        through = through * passed
    mu_ground = (radius * mu_sun + length * cosine) / GROUND_RADIUS
    lit = transmittance(torch.zeros_like(mu_ground), mu_ground) * mu_ground.clamp(min=0)[..., None]
    radiance += hits[..., None] * through * lit * (_GROUND_ALBEDO / math.pi)
    return _Table(radiance.mean(2) / (1 - transfer.mean(2).clamp(max=0.95)), 80.0, -0.3)


def _sky_view(air: _Air, transmittance: _Table, scattered: _Table, steps: int = 28) -> Tensor:
    """Sky radiance for unit sun, [sun elevations, views, azimuths, 3]; views at (pi / 2) i^2, azimuths from the sun."""
    rise = (torch.linspace(0, 1, _VIEWS).square() * math.pi / 2)[None, :, None]
    sun, rise, turn = torch.broadcast_tensors(
        torch.deg2rad(_sun_elevations())[:, None, None], rise, torch.linspace(0, math.pi, _AZIMUTHS)
    )
    radius = GROUND_RADIUS + _OBSERVER
    mu, mu_sun = rise.sin().clamp(min=0.001), sun.sin()
    cosine = mu * mu_sun + rise.cos() * sun.cos() * turn.cos()
    length = _to_top(torch.full_like(mu, radius), mu)
    g = _MIE_ASYMMETRY
    rayleigh_phase = 3 / (16 * math.pi) * (1 + cosine.square())
    mie_phase = 3 / (8 * math.pi) * (1 - g * g) * (1 + cosine.square())
    mie_phase = mie_phase / ((2 + g * g) * (1 + g * g - 2 * g * cosine) ** 1.5)
    radiance, through = torch.zeros(*mu.shape, 3), torch.ones(*mu.shape, 3)
    for i in range(steps):
        start, end = (i / steps) ** 2, ((i + 1) / steps) ** 2
        distance, step = length * (start + end) / 2, length * (end - start)
        along = _radius_along(radius, mu, distance)
        level, mu_here = (along - GROUND_RADIUS).clamp(min=0), (radius * mu_sun + distance * cosine) / along
        rayleigh, mie = air.scattering(level)
        extinction = air.extinction(level)
        passed = torch.exp(-extinction * step[..., None])
        single = rayleigh * rayleigh_phase[..., None] + mie * mie_phase[..., None]
        source = transmittance(level, mu_here) * single + scattered(level, mu_here) * (rayleigh + mie)
        radiance += through * (1 - passed) / extinction * source
        through = through * passed
    return radiance


class Atmosphere:
    """Clear-sky tables over aerosol density and sun elevation, in scene units for a sun of irradiance 12."""

    def __init__(self, device: torch.device) -> None:
        sun = torch.deg2rad(_sun_elevations()).sin()
        rise = torch.linspace(0, 1, _VIEWS)
        weight = (rise.square() * math.pi / 2).cos() * (rise.square() * math.pi / 2).sin() * rise
        skies, ground, aloft, ambient = [], [], [], []
        for aerosol in _AEROSOLS:
            air = _Air(aerosol)
            transmittance = _transmittance(air)
            view = _sky_view(air, transmittance, _multiple_scattering(air, transmittance)) * _SUN_IRRADIANCE
            skies.append(view.permute(0, 3, 1, 2))
            ambient.append((view.mean(2) * (weight / weight.sum())[:, None]).sum(1) * math.pi)
            ground.append(transmittance(torch.full_like(sun, _OBSERVER), sun) * _SUN_IRRADIANCE)
            aloft.append(transmittance(torch.full_like(sun, _CLOUD_LEVEL), sun) * _SUN_IRRADIANCE)
        self._skies, self._ground = torch.stack(skies).to(device), torch.stack(ground).to(device)
        self._aloft, self._ambient = torch.stack(aloft).to(device), torch.stack(ambient).to(device)
        self._elevations = _sun_elevations().to(device)

    def sky(self, aerosol: Tensor, sun_elevation: Tensor, rise: Tensor, turn: Tensor) -> Tensor:
        """Radiance, [batch, 3, rows, width].

        *rise* [rows, width] above the horizon and *turn* [batch, rows, width] from the sun's azimuth, in radians.
        """
        table = self._interpolate(self._skies, aerosol, sun_elevation)
        u, v = turn.abs() / math.pi * 2 - 1, (rise / (math.pi / 2)).sqrt() * 2 - 1
        grid = torch.stack(torch.broadcast_tensors(u, v[None]), -1)
        return F.grid_sample(table, grid, align_corners=True, padding_mode="border")

    def sun_at_ground(self, aerosol: Tensor, sun_elevation: Tensor) -> Tensor:
        """Direct irradiance on a surface that faces the sun, [batch, 3]."""
        return self._interpolate(self._ground, aerosol, sun_elevation)

    def sun_at_clouds(self, aerosol: Tensor, sun_elevation: Tensor) -> Tensor:
        """Direct irradiance on what faces the sun at the height of clouds, [batch, 3]."""
        return self._interpolate(self._aloft, aerosol, sun_elevation)

    def ambient(self, aerosol: Tensor, sun_elevation: Tensor) -> Tensor:
        """Irradiance of the sky without the sun on a horizontal surface, [batch, 3]."""
        return self._interpolate(self._ambient, aerosol, sun_elevation)

    def _interpolate(self, table: Tensor, aerosol: Tensor, sun_elevation: Tensor) -> Tensor:
        grid = self._elevations
        elevation = sun_elevation.clamp(grid[0].item(), grid[-1].item())
        j = (torch.searchsorted(grid, elevation.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
        place = (aerosol / _AEROSOLS[0]).log() / math.log(_AEROSOLS[1] / _AEROSOLS[0])
        i = place.floor().long().clamp(0, len(_AEROSOLS) - 2)
        shape = (-1,) + (1,) * (table.dim() - 2)
        a, b = (place - i).clamp(0, 1).view(shape), ((elevation - grid[j]) / (grid[j + 1] - grid[j])).view(shape)
        low = table[i, j].lerp(table[i, j + 1], b)
        return low.lerp(table[i + 1, j].lerp(table[i + 1, j + 1], b), a)
