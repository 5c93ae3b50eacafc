"""Directing a sky in a real Blender window. The steps are played in inside/directing.py."""

import math
from pathlib import Path

import numpy as np
from conftest import Window
from look import read_panorama
from PIL import Image


def test_region_takes_the_views_direction(window: Window) -> None:
    assert abs(window.saw("directing", "regions")["azimuth"] - 250) < 0.2


def test_region_is_written_into_the_view_where_it_is(window: Window) -> None:
    """In its yellow, above the middle (the cube), towards which the view looks; the west is to the right of it."""
    shown = np.array(Image.open(window.picture("directing", "regions")).convert("RGB")).astype(int)
    red, green, blue = shown[100:400, 40:1030].transpose(2, 0, 1)
    columns = np.nonzero((red > 200) & (green > 150) & (blue < 120))[1] + 40
    assert len(columns) > 100
    assert abs(columns.mean() - 660) < 30


# Where the 3D view has what, in pixels of the display: it is 1320 wide, which its lens of 50 mm takes for 72.
MIDDLE, LENS = (660, 512), 1320 * 50 / 72


def white_in_row_of(picture: Path, below: float) -> np.ndarray:
    """Columns of the 3D view's white pixels, so many degrees *below* its middle."""
    shown = np.array(Image.open(picture).convert("RGB"))
    row = round(MIDDLE[1] + LENS * math.tan(math.radians(below)))
    return np.nonzero(shown[row - 20 : row + 20, 40:1030].min(2) > 235)[1] + 40


def test_west_is_written_at_the_horizon(window: Window) -> None:
    """The view looks 20 degrees to the left of it and 5 upward; no other letter is within it."""
    white = white_in_row_of(window.picture("directing", "regions"), 5)
    assert len(white) > 20
    assert np.abs(white - (MIDDLE[0] + LENS * math.tan(math.radians(20)))).max() < 15


def test_east_is_written_into_the_preview_of_a_layout(window: Window) -> None:
    """Show in 3D View is off then; the view looks to the east and 10 degrees upward."""
    white = white_in_row_of(window.picture("directing", "layout"), 10)
    assert len(white) > 20
    assert np.abs(white - MIDDLE[0]).max() < 15


def test_layout_follows_its_sliders_and_gives_the_world_back(window: Window) -> None:
    saw = window.saw("directing", "layout")
    assert saw["sunset"] > 1.5 * saw["noon"], "a low sun did not redden the sky in the world"
    assert saw["seen before"] < 1 < saw["seen"], "the 3D view does not show what is in the world"
    assert saw["worlds"] == ["World"]


def test_area_painted_with_the_mouse_is_edited_and_nothing_else(window: Window) -> None:
    saw = window.saw("directing", "painting")
    assert saw["painted"] > 0.003, "the stroke left no paint in the image"
    assert not saw["after"]["error"] and saw["edited"] != saw["sky"]
    before, after = (read_panorama(Path(saw[name])) for name in ("sky", "edited"))
    changed = (before != after).any(-1)
    (mask,) = Path(saw["sky"]).parent.glob(f"{Path(saw['sky']).stem}-mask-*.png")
    painted = np.array(Image.open(mask).convert("L")) > 0
    assert changed.any() and not changed[~painted].any()


def test_large_sky_is_painted_over_and_a_second_click_waits(window: Window) -> None:
    saw = window.saw("directing", "painting_large")
    assert all(saw["seconds"].values()), "the clicks were not taken"
    assert not saw["again"]


def test_sun_is_removed_at_a_click_and_comes_back_by_undo(window: Window) -> None:
    saw = window.saw("directing", "removing_sun")
    assert not saw["told"]["error"] and saw["undone"] == saw["before"] != saw["after"]
    before, after = (read_panorama(Path(saw[name])) for name in ("before", "after"))
    assert after.max() < 0.01 * before.max(), "the sun is still there"
