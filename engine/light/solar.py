"""Where the sun stands at a time and a place. Standard library only: Blender's side asks too."""

from datetime import UTC, datetime, timedelta
from math import acos, asin, atan2, cos, degrees, radians, sin, tan

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_position(moment: datetime, latitude: float, longitude: float) -> tuple[float, float]:
    """Azimuth, clockwise from north, and elevation of the sun's middle, in degrees, refraction included.

    moment: with its time zone. latitude, longitude: degrees, north and east are positive. Good to about 0.02 degrees
    from 1800 to 2100, above the horizon (the equations of NOAA's Solar Calculator, after Meeus 1998, "Astronomical
    Algorithms", 2nd edition, chapters 22, 25 and 28).
    """
    days = (moment - _J2000) / timedelta(days=1)
    declination, equation = _declination_and_equation_of_time(days / 36525)
    minutes = (days + 0.5) % 1 * 1440  # since midnight in Greenwich
    hour_angle = radians((minutes + equation + 4 * longitude) / 4 - 180)
    north = radians(latitude)
    height = sin(north) * sin(declination) + cos(north) * cos(declination) * cos(hour_angle)
    true_elevation = 90 - degrees(acos(max(-1.0, min(1.0, height))))
    azimuth = degrees(
        atan2(
            -cos(declination) * sin(hour_angle),
            sin(declination) * cos(north) - cos(declination) * sin(north) * cos(hour_angle),
        )
    )
    return azimuth % 360, true_elevation + _refraction(true_elevation)


def _declination_and_equation_of_time(t: float) -> tuple[float, float]:
    """Radians, and minutes by which a sundial is ahead of a clock, *t* Julian centuries after 2000."""
    longitude = 280.46646 + t * (36000.76983 + 0.0003032 * t)
    anomaly = radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * t)
    apparent = radians(longitude + centre - 0.00569 - 0.00478 * sin(node))
    mean_obliquity = 23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - 0.001813 * t))) / 60) / 60
    obliquity = radians(mean_obliquity + 0.00256 * cos(node))
    mean, y = radians(longitude), tan(obliquity / 2) ** 2
    equation = (
        y * sin(2 * mean)
        - 2 * eccentricity * sin(anomaly)
        + 4 * eccentricity * y * sin(anomaly) * cos(2 * mean)
        - 0.5 * y * y * sin(4 * mean)
        - 1.25 * eccentricity**2 * sin(2 * anomaly)
    )
    return asin(sin(obliquity) * sin(apparent)), 4 * degrees(equation)


def _refraction(elevation: float) -> float:
    """Degrees by which the air lifts what stands at the true *elevation*."""
    if elevation > 85:
        return 0.0
    slope = tan(radians(elevation))
    if elevation > 5:
        seconds = 58.1 / slope - 0.07 / slope**3 + 0.000086 / slope**5
    elif elevation > -0.575:
        seconds = 1735 + elevation * (-518.2 + elevation * (103.4 + elevation * (-12.79 + elevation * 0.711)))
    else:
        seconds = -20.774 / slope
    return seconds / 3600
