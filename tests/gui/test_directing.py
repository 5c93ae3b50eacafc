"""Directing a sky in a real Blender window. The steps are played in inside/directing.py."""

from conftest import Window


def test_region_takes_the_views_direction(window: Window) -> None:
    assert abs(window.saw("directing", "regions")["azimuth"] - 250) < 0.2


def test_layout_follows_its_sliders_and_gives_the_world_back(window: Window) -> None:
    saw = window.saw("directing", "layout")
    assert saw["sunset"] > 1.5 * saw["noon"], "a low sun did not redden the sky in the world"
    assert saw["worlds"] == ["World"]
