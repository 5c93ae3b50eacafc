"""Photos on the sphere: where a flat picture's pixels lie in a panorama (gnomonic projection)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from ..errors import BadRequest
from ..job_parts import Photo
from ..light.transfer import srgb_to_linear
from ..sphere.equirectangular import directions
from ..sphere.gnomonic import frame, reaches
from .reading import FromDisplay, read_picture

_AZIMUTH = 90.0  # of the panorama's centre, where a photo is put whose heading nobody knows


@dataclass(frozen=True)
class PlacedPhoto:
    """A photo and how it was held. radiance: ``[3, H, W]``. alpha: ``[1, H, W]``. Angles in degrees, none open."""

    radiance: Tensor
    alpha: Tensor
    azimuth: float
    elevation: float
    roll: float
    field_of_view: float
    strength: float

    @property
    def reach(self) -> tuple[float, float]:
        """Half the picture's width and height at a distance of 1."""
        across = math.tan(math.radians(self.field_of_view / 2))
        return across, across * self.radiance.shape[1] / self.radiance.shape[2]

    def plane(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Where *vectors* ``[3, ...]`` meet the picture: to the right and down, both in [-1, 1] inside, and whether
        they point to its side at all."""
        x, y, depth = reaches(vectors, frame(self.azimuth, self.elevation, vectors, self.roll))
        across, along = self.reach
        near = depth.clamp(min=1e-6)
        return x / near / across, -y / near / along, depth > 0


def place(photo: Photo, from_display: FromDisplay = srgb_to_linear) -> PlacedPhoto:
    """Read *photo* and complete it from what its camera noted. Raises :class:`BadRequest`."""
    picture = read_picture(photo.file, from_display)
    if not picture.alpha.any():
        raise BadRequest(f"The photo {photo.file} is transparent all over.", "Leave it out.")
    lens = picture.lens
    angle = lens.field_of_view if photo.field_of_view is None else photo.field_of_view
    if angle is None:
        raise BadRequest(
            f"The photo {photo.file} does not say what its lens was.", "Give its field_of_view, degrees across it."
        )
    if not 1 <= angle <= 160:
        raise BadRequest(f"The photo {photo.file} notes a field of view of {angle:.0f}.", "Give its field_of_view.")
    return PlacedPhoto(
        radiance=picture.radiance,
        alpha=picture.alpha,
        azimuth=_first(photo.azimuth, lens.heading, _AZIMUTH),
        elevation=_first(photo.elevation, lens.pitch, 0.0),
        roll=photo.roll,
        field_of_view=angle,
        strength=photo.strength,
    )


def project(photo: PlacedPhoto, height: int, feather: float) -> tuple[Tensor, Tensor]:
    """The photo in a panorama of *height* rows: radiance ``[3, height, 2 * height]``, and how much of it is there,
    ``[1, height, 2 * height]``: 1, but for transparent pixels and within *feather* degrees of its edge.

    The photo is shrunk first to about the panorama's resolution, so that fine detail does not flicker.
    """
    u, v, before = photo.plane(directions(height))
    across, along = photo.reach
    source = torch.cat([photo.radiance, photo.alpha])
    fine = math.pi / height  # radians a pixel of the panorama at the horizon
    columns = max(1, math.ceil(2 * across / fine))
    if columns < photo.radiance.shape[2]:
        rows = max(1, round(columns * photo.radiance.shape[1] / photo.radiance.shape[2]))
        source = interpolate(source[None], size=(rows, columns), mode="bilinear", antialias=True)[0]
    sampled = grid_sample(
        source[None], torch.stack([u, v], -1)[None], mode="bilinear", padding_mode="border", align_corners=False
    )[0]
    # Degrees from the nearest edge, on the tangent plane, which is close enough for a soft edge.
    inside = torch.minimum((1 - u.abs()) * across, (1 - v.abs()) * along).rad2deg()
    soft = (inside / max(feather, math.degrees(fine))).clamp(0, 1)
    return sampled[:3], sampled[3:] * soft * before


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
