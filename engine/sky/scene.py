"""A batch of skies as tensors, and the directions of a panorama's pixels."""

import copy
import math
import zlib
from collections.abc import Sequence
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ..light.photometry import LUMINANCE
from .noise import hash_at, hash_uniform
from .parameters import Clouds, Glow, Ground, SkyParameters, Time


def per_pixel(values: Tensor) -> Tensor:
    """[batch] to [batch, 1, 1]."""
    return values.view(-1, 1, 1)


def per_picture(values: Tensor) -> Tensor:
    """[batch] or [batch, 3] to [batch, 1 or 3, 1, 1]."""
    return values.view(len(values), -1, 1, 1)


def luminance(radiance: Tensor) -> Tensor:
    """[batch, 3, ...] to [batch, ...]."""
    weights = radiance.new_tensor(LUMINANCE).view(1, 3, *[1] * (radiance.dim() - 2))
    return (radiance * weights).sum(1)


def ring(values: Tensor, width: int) -> Tensor:
    """*values* [batch, channels, 1, n] around the horizon, in as many columns as *width*."""
    count = values.shape[3]
    place = (torch.arange(width, device=values.device) + 0.5) * (count / width) - 0.5
    left = place.floor().long()
    return values[..., left % count].lerp(values[..., (left + 1) % count], place - left)


def ring_mean(values: Tensor, reach: int) -> Tensor:
    """Means of *values* [batch, channels, 1, width] over *reach* columns to each side, around the horizon."""
    return F.avg_pool2d(F.pad(values, (reach, reach, 0, 0), mode="circular"), (1, 2 * reach + 1), 1)


class Dome:
    """Directions of the upper half of an equirectangular panorama *height* pixels high; x points to column 0.

    ``elevation`` [rows, width] and ``longitude`` [rows, width] in radians, longitude growing with the column (clockwise
    seen from above); ``x``, ``y``, ``z`` [1, rows, width]: the unit direction, z up; ``pixel``: radians per pixel.

    *rows*: counted up from the horizon, all ``all_rows`` by default; ``first`` are below them.
    """

    def __init__(self, height: int, device: torch.device, rows: range | None = None) -> None:
        self.all_rows = height // 2
        rows = rows or range(self.all_rows)
        self.first, self.rows, self.width, self.pixel = rows.start, len(rows), 2 * height, math.pi / height
        rise = (torch.arange(rows.stop - 1, rows.start - 1, -1, device=device) + 0.5) * self.pixel
        turn = (torch.arange(self.width, device=device) + 0.5) * self.pixel
        self.elevation, self.longitude = torch.meshgrid(rise, turn, indexing="ij")
        self.horizontal = torch.cos(self.elevation)[None]
        self.x = self.horizontal * torch.cos(self.longitude)
        self.y = self.horizontal * torch.sin(self.longitude)
        self.z = torch.sin(self.elevation)[None]

    @property
    def above(self) -> int:
        """Rows between these and the zenith."""
        return self.all_rows - self.first - self.rows

    def below(self, elevation: float) -> "Dome":
        """The lowest rows alone, up to *elevation* in radians; perhaps none."""
        low = copy.copy(self)
        low.rows = min(self.rows, max(0, math.ceil(elevation / self.pixel) - self.first))
        for name in ("elevation", "longitude", "horizontal", "x", "y", "z"):
            setattr(low, name, getattr(self, name)[..., self.rows - low.rows :, :])
        return low

    def around(self, lowest: float, highest: float) -> "Dome":
        """The rows from *lowest* to *highest*, radians, of the whole upper half; at least one."""
        first = min(max(0, math.floor(lowest / self.pixel)), self.all_rows - 1)
        last = min(self.all_rows, max(first + 1, math.ceil(highest / self.pixel)))
        return Dome(2 * self.all_rows, self.z.device, range(first, last))

    def wider(self, rows: int) -> "Dome":
        """With up to as many more *rows* on both sides, as far as there are any."""
        first, last = max(0, self.first - rows), min(self.all_rows, self.first + self.rows + rows)
        return Dome(2 * self.all_rows, self.z.device, range(first, last))

    def cosine_to(self, directions: Tensor) -> Tensor:
        """Cosine between each pixel and unit *directions* [batch, 3], [batch, rows, width]."""
        x, y, z = (per_pixel(axis) for axis in directions.unbind(1))
        return self.x * x + self.y * y + self.z * z

    def angle_to(self, directions: Tensor) -> Tensor:
        """Radians between each pixel and unit *directions* [batch, 3], [batch, rows, width]."""
        return self.cosine_to(directions).clamp(-1, 1).acos()

    def turn_from(self, longitude: Tensor) -> Tensor:
        """Radians around the horizon from *longitude* [batch] to each column, in [-pi, pi), [batch, 1, width]."""
        return (self.longitude[:1] - per_pixel(longitude) + math.pi) % (2 * math.pi) - math.pi

    def look_up(self, upper: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Sample the *upper* half of pictures towards directions (not of unit length), around the seam as well.

        *upper*: [batch, channels, rows, width]. Below the horizon its lowest row is found.
        """
        rise = torch.asin((z / (x * x + y * y + z * z).sqrt()).clamp(0, 1))
        turn = torch.atan2(y, x) % (2 * torch.pi)
        u = (turn / self.pixel + 0.5) / (self.width + 1) * 2 - 1
        v = (self.rows - 1 - (rise / self.pixel - 0.5)) / (self.rows - 1) * 2 - 1
        padded = F.pad(upper, (1, 1, 0, 0), mode="circular")
        return F.grid_sample(padded, torch.stack([u, v], -1), align_corners=True, padding_mode="border")

    @property
    def solid_angle(self) -> Tensor:
        """Steradians of each pixel, [1, rows, width]."""
        return self.horizontal.expand_as(self.x) * self.pixel**2

    def irradiance(self, upper: Tensor) -> Tensor:
        """Of a level place under the *upper* half of pictures, [batch, channels]; the sum over these rows."""
        return (upper * (self.z[:, None] * self.solid_angle[:, None])).sum((2, 3))

    def distance(self, altitude: float | Tensor, radius: float = 60.0) -> Tensor:
        """Distance along each direction to a shell *altitude* above a ball of *radius* (same unit), [1, rows, width].

        The ball is far smaller than the Earth: clouds then thin out towards the horizon within a few pixels.
        """
        drop = radius * self.z
        return -drop + (drop.square() + 2 * radius * altitude + altitude * altitude).sqrt()


class Scene:
    """Parameters of several skies as tensors; switches are 0.0 or 1.0, so that they can weigh.

    What is not said to have another shape is [batch]. Methods that take kinds: which of the skies are of one of these.
    """

    def __init__(self, parameters: Sequence[SkyParameters], device: torch.device) -> None:
        self.parameters, self.device = parameters, device
        self._seeds = torch.tensor([p.seed for p in parameters], dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self.parameters)

    def _tensor(self, values: Sequence[float]) -> Tensor:
        return torch.tensor([float(value) for value in values], device=self.device)

    def uniform(self, stream: str, *shape: int) -> Tensor:
        """Random numbers in [0, 1) of this *stream*, [batch, *shape]; they depend on each sky's own seed alone."""
        return hash_uniform(self._seeds, zlib.crc32(stream.encode()), *shape)

    def uniform_pixels(self, stream: str, count: int, dome: Dome) -> Tensor:
        """*count* random numbers for each pixel of *dome*, [batch, count, rows, width]; the same whatever its rows."""
        first, last = (rows * dome.width for rows in (dome.above, dome.above + dome.rows))
        place = torch.arange(first, last, device=self.device)
        layer = torch.arange(count, device=self.device)[:, None] * (dome.all_rows * dome.width)
        draws = hash_at(self._seeds, zlib.crc32(stream.encode()), (layer + place).flatten())
        return draws.view(len(self), count, dome.rows, dome.width)

    def time(self, *kinds: Time) -> Tensor:
        return self._tensor([p.time in kinds for p in self.parameters])

    def clouds(self, *kinds: Clouds) -> Tensor:
        return self._tensor([p.clouds in kinds for p in self.parameters])

    def ground(self, *kinds: Ground) -> Tensor:
        return self._tensor([p.ground in kinds for p in self.parameters])

    def glow(self, colours: dict[Glow, tuple[float, float, float]]) -> Tensor:
        """The colour that stands for each sky's glow, [batch, 3]."""
        return torch.tensor([colours[p.glow] for p in self.parameters], device=self.device)

    @cached_property
    def sun_elevation(self) -> Tensor:
        """Degrees."""
        return self._tensor([p.sun_elevation for p in self.parameters])

    @cached_property
    def sun_longitude(self) -> Tensor:
        """Radians in the panorama's frame: azimuth 90 degrees is the centre column."""
        return torch.deg2rad(self._tensor([p.sun_azimuth + 90.0 for p in self.parameters]))

    @cached_property
    def sun(self) -> Tensor:
        """Unit direction to the sun or moon, [batch, 3]."""
        rise, turn = torch.deg2rad(self.sun_elevation), self.sun_longitude
        return torch.stack([rise.cos() * turn.cos(), rise.cos() * turn.sin(), rise.sin()], -1)

    @cached_property
    def sun_up(self) -> Tensor:
        """1 where the sun's upper edge or the moon is above the horizon."""
        return self._tensor([p.time != Time.NIGHT and p.sun_elevation > -0.8 for p in self.parameters])

    @cached_property
    def disc_seen(self) -> Tensor:
        """1 where sun or moon is up and no closed deck hides it."""
        return self.sun_up * (1 - self.clouds(Clouds.OVERCAST, Clouds.STORM))

    @cached_property
    def more_clouds(self) -> Tensor:
        """Of a density: from -0.9, next to no clouds of a kind or great gaps, to 0.9; 0 is usual for the kind."""
        return self._tensor([0.9 * (2 * p.cover - 1) for p in self.parameters])

    @cached_property
    def aerosol(self) -> Tensor:
        return self._tensor([p.aerosol for p in self.parameters])

    @cached_property
    def haze(self) -> Tensor:
        return self._tensor([p.haze for p in self.parameters])

    @cached_property
    def mist(self) -> Tensor:
        """How much of it lies in the hollows; most mornings have some."""
        misty = self._tensor([p.mist and p.time == Time.MORNING for p in self.parameters])
        return misty * (0.6 + 0.4 * self.uniform("mist"))

    @cached_property
    def mountains(self) -> Tensor:
        return self._tensor([p.mountains for p in self.parameters])

    @cached_property
    def hills(self) -> Tensor:
        return self._tensor([p.hills for p in self.parameters])

    @cached_property
    def milky_way(self) -> Tensor:
        return self._tensor([p.milky_way for p in self.parameters])

    @cached_property
    def aurora(self) -> Tensor:
        return self._tensor([p.aurora for p in self.parameters])

    def bearing(self, feature: str) -> tuple[Tensor, Tensor]:
        """Whether the *feature* that stands at an azimuth is there, and its longitude in radians, [batch] each."""
        azimuths = [getattr(p, feature) for p in self.parameters]
        there = self._tensor([azimuth is not None for azimuth in azimuths])
        return there, torch.deg2rad(self._tensor([(azimuth or 0.0) + 90.0 for azimuth in azimuths]))

    @cached_property
    def rays(self) -> Tensor:
        """Of a sun that can be seen."""
        return self._tensor([p.rays for p in self.parameters]) * self.disc_seen * (1 - self.moonlit)

    @cached_property
    def fog(self) -> Tensor:
        return self._tensor([p.fog for p in self.parameters])

    @cached_property
    def skyline(self) -> Tensor:
        return self._tensor([p.skyline and p.city is not None for p in self.parameters])

    @cached_property
    def coast(self) -> Tensor:
        """Where land ends at a sea."""
        return self.bearing("sea")[0] * (1 - self.ground(Ground.SEA, Ground.LAKE))

    @cached_property
    def moon_phase(self) -> Tensor:
        return self._tensor([p.moon_phase for p in self.parameters])

    @cached_property
    def gap(self) -> Tensor:
        """Degrees."""
        return self._tensor([p.gap for p in self.parameters])

    @cached_property
    def moonlit(self) -> Tensor:
        return self.time(Time.MOON)

    @cached_property
    def nocturnal(self) -> Tensor:
        return self.time(Time.NIGHT, Time.MOON)
