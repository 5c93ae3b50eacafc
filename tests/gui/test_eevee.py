"""EEVEE makes a sun with a shadow of what is brighter than the world's threshold; a generated sky has one, or not."""

from statistics import median

import pytest


def test_a_sunny_sky_casts_a_shadow_away_from_its_sun(window):
    saw = window.shadows()["sunny"]
    sectors, light = saw["around"], saw["light"]
    assert light["kind"] == "sun"
    assert min(sectors) < 0.8 * median(sectors)
    away = 90 - light["azimuth"] + 180
    assert abs((saw["shadow"] - away + 180) % 360 - 180) < 20


def test_it_is_as_bright_as_the_sky_promises(window):
    saw = window.shadows()["sunny"]
    assert median(saw["around"]) == pytest.approx(saw["light"]["white_card"], rel=0.2)


def test_an_overcast_sky_casts_none(window):
    saw = window.shadows()["overcast"]
    assert saw["light"]["kind"] == "none"
    assert min(saw["around"]) > 0.95 * median(saw["around"])
