"""The sun's position against published values."""

from datetime import UTC, datetime, timedelta, timezone
from math import degrees

import pytest

from engine.light.solar import _declination_and_equation_of_time, sun_position


def test_declination_as_in_meeus():
    """Example 25.a: 13 October 1992, 0h dynamical time. Example 28.b has the equation of time for the same moment."""
    declination, equation = _declination_and_equation_of_time(-0.072183436)
    assert degrees(declination) == pytest.approx(-7.78507, abs=0.001)
    assert equation == pytest.approx(13 + 42.6 / 60, abs=0.05)


def test_position_as_in_nrels_algorithm():
    """Reda and Andreas 2003, "Solar Position Algorithm", table A5.1: zenith 50.11162, azimuth 194.34024 degrees."""
    moment = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    azimuth, elevation = sun_position(moment, 39.742476, -105.1786)
    assert azimuth == pytest.approx(194.34024, abs=0.02)
    assert elevation == pytest.approx(90 - 50.11162, abs=0.02)


def test_noon_midnight_and_poles():
    midsummer = datetime(2024, 6, 20, 12, tzinfo=UTC)
    azimuth, elevation = sun_position(midsummer, 51.48, 0.0)
    assert azimuth == pytest.approx(180, abs=2) and elevation == pytest.approx(90 - 51.48 + 23.44, abs=0.1)
    south_azimuth, _ = sun_position(midsummer, -33.9, 0.0)
    assert min(south_azimuth, 360 - south_azimuth) < 2, "in the south the sun is in the north at noon"
    assert sun_position(midsummer.replace(hour=0), 51.48, 0.0)[1] < -10
    heights = [sun_position(midsummer.replace(hour=hour), 90.0, 0.0)[1] for hour in range(24)]
    assert max(heights) - min(heights) < 0.1, "at the pole it goes round at one height"


def test_sunrise_in_greenwich_on_an_equinox():
    """The sun's upper edge appears at 6:02 on 20 March 2024 at 51.48 N (almanac); its middle is half a disc lower."""
    azimuth, elevation = sun_position(datetime(2024, 3, 20, 6, 2, tzinfo=UTC), 51.48, 0.0)
    assert elevation == pytest.approx(-0.27, abs=0.25)
    assert azimuth == pytest.approx(89, abs=1)
