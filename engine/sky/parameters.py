"""What a sky is made of: time of day, clouds, ground and a few extras; and how random skies are drawn."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Time(StrEnum):
    """Time of day; it decides how high the sun (or the moon) stands."""

    NOON = "noon"
    MORNING = "morning"
    GOLDEN = "golden"
    SUNSET = "sunset"
    DUSK = "dusk"
    NIGHT = "night"
    MOON = "moon"


class Clouds(StrEnum):
    """What covers the sky, and how much of it."""

    CLEAR = "clear"
    FEW = "few"
    SCATTERED = "scattered"
    BROKEN = "broken"
    OVERCAST = "overcast"
    CIRRUS = "cirrus"
    STORM = "storm"
    MACKEREL = "mackerel"


class Ground(StrEnum):
    """What lies below the horizon."""

    SEA = "sea"
    DESERT = "desert"
    GRASS = "grass"
    SNOW = "snow"
    FOREST = "forest"
    LAKE = "lake"


class Glow(StrEnum):
    """Colour of a low sun's light."""

    ORANGE = "orange"
    GOLDEN = "golden"
    RED = "red"
    PINK = "pink"


class Thing(StrEnum):
    """What only some skies have."""

    MOUNTAINS = "mountains"
    HILLS = "hills"
    SKYLINE = "skyline"
    CITY_GLOW = "city glow"
    COAST = "coast"
    THUNDERHEAD = "thunderhead"
    RAYS = "rays"
    FOG = "fog"
    HAZE = "haze"
    SUN = "sun"
    MILKY_WAY = "milky way"
    AURORA = "aurora"


class MoonPhase(StrEnum):
    """How much of the moon's face is lit, whether it waxes or wanes."""

    NEW = "new"
    CRESCENT = "crescent"
    HALF = "half"
    GIBBOUS = "gibbous"
    FULL = "full"


# Degrees above the horizon. At -18 astronomical night begins; the atmosphere's tables end there.
ELEVATIONS = {
    Time.NOON: (38.0, 80.0),
    Time.MORNING: (12.0, 26.0),
    Time.GOLDEN: (4.5, 11.0),
    Time.SUNSET: (0.3, 4.0),
    Time.DUSK: (-7.0, -2.5),
    Time.NIGHT: (-18.0, -18.0),
    Time.MOON: (14.0, 50.0),
}
# Noon, sunset, night, overcast and storm are what people ask for first, so they are drawn more often.
_TIME_WEIGHTS = (2.3, 1.3, 1.7, 2.2, 1.1, 2.0, 0.9)
_CLOUD_WEIGHTS = (1.4, 0.8, 1.5, 1.0, 1.4, 1.2, 1.5, 0.6)
_GROUND_WEIGHTS = (1.6, 1.3, 1.5, 0.9, 0.8, 0.8)
_DARK = (Time.DUSK, Time.NIGHT, Time.MOON)
_LOW_SUN = (Time.SUNSET, Time.DUSK)
_HEAVY = (Clouds.BROKEN, Clouds.OVERCAST, Clouds.STORM)


@dataclass(frozen=True)
class SkyParameters:
    """One sky. Everything that :class:`SkyRenderer` needs, so equal parameters give equal pictures.

    ``sun_elevation``: degrees above the horizon. ``sun_azimuth``: degrees clockwise from north as Blender shows it
    (north is +Y; the centre column of a panorama is +X, azimuth 90). With ``Time.MOON`` both speak of the moon.
    ``glow`` colours light near sunset only. ``aerosol``: density of haze particles as a multiple of clear air, 0.6
    to 6. ``cover``: how much of the sky the clouds cover, in [0, 1]; 0.5 is usual for the kind, and a closed deck stays
    closed. ``mist``: in the hollows of a morning. ``seed``: where clouds, stars and mountains lie.

    :func:`sample_parameters` leaves the rest out, because the bundled model was not taught it.
    ``thunderhead``: azimuth of a cumulonimbus with its anvil. ``rays``: beams of a sun that stands behind a cloud.
    ``fog``: in banks on the ground. ``city``: azimuth of one whose lights colour the night; ``skyline``: its buildings
    stand on the horizon. ``sea``: azimuth that it lies at, seen from the beach of a ground that is land. Azimuths are
    ``None`` where there is no such thing. ``moon_phase``: share of the month since new moon; 0.5 is full. ``gap``:
    degrees from a low sun or moon down to what stands before it, which has a gap there.
    """

    time: Time
    clouds: Clouds
    ground: Ground
    sun_elevation: float
    sun_azimuth: float
    mountains: bool = False
    hills: bool = False
    haze: bool = False
    mist: bool = True
    milky_way: bool = False
    aurora: bool = False
    glow: Glow = Glow.ORANGE
    aerosol: float = 0.8
    cover: float = 0.5
    seed: int = 0
    thunderhead: float | None = None
    rays: bool = False
    fog: bool = False
    city: float | None = None
    skyline: bool = False
    sea: float | None = None
    moon_phase: float = 0.5
    gap: float = 1.3


def sample_parameters(rng: random.Random, **fixed: object) -> SkyParameters:
    """Draw one plausible sky from *rng*; *fixed* fields of :class:`SkyParameters` are kept as given."""
    chosen = dict(_plausible(rng, fixed)) | fixed
    return SkyParameters(**chosen)  # type: ignore[arg-type]


def _plausible(rng: random.Random, fixed: dict[str, object]) -> Iterator[tuple[str, object]]:
    time = fixed.get("time") or rng.choices(tuple(Time), _TIME_WEIGHTS)[0]
    clouds = fixed.get("clouds") or rng.choices(tuple(Clouds), _CLOUD_WEIGHTS)[0]
    if time in _DARK and clouds in _HEAVY:  # nearly black, so it teaches little: rare
        if "time" not in fixed and rng.random() < 0.85:
            time = rng.choice((Time.NOON, Time.MORNING, Time.GOLDEN))
        elif "clouds" not in fixed and rng.random() < 0.85:
            clouds = rng.choice((Clouds.CLEAR, Clouds.FEW, Clouds.SCATTERED, Clouds.CIRRUS))
    haze = bool(fixed.get("haze", rng.random() < 0.12))
    stars_show = time == Time.NIGHT and clouds not in _HEAVY
    aurora = bool(fixed.get("aurora", stars_show and rng.random() < 0.25))
    low_sun = time in (Time.GOLDEN, Time.SUNSET)
    yield "time", time
    yield "clouds", clouds
    yield "ground", rng.choices(tuple(Ground), _GROUND_WEIGHTS)[0]
    yield "sun_elevation", rng.uniform(*ELEVATIONS[Time(str(time))])
    yield "sun_azimuth", rng.uniform(0.0, 360.0)
    mountains = bool(fixed.get("mountains", rng.random() < 0.33))
    yield "mountains", mountains
    yield "hills", not mountains and rng.random() < 0.2
    yield "haze", haze
    yield "glow", rng.choice(tuple(Glow)) if time in _LOW_SUN and rng.random() < 0.6 else Glow.ORANGE
    yield "aurora", aurora
    yield "milky_way", stars_show and not aurora and rng.random() < 0.6
    yield "aerosol", 4.2 if haze else rng.uniform(1.0, 2.6) if low_sun else rng.uniform(0.7, 1.5)
    yield "seed", rng.randrange(1 << 31)
