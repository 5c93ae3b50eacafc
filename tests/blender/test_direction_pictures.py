"""Pictures that say where is what: the compass, and the letters on a preview."""

import bpy
import numpy as np
import pytest
from conftest import extension


def test_compass_picture_shows_each_part_in_its_direction(scene):
    """Above the picture's middle is north; the storm in the west colours the left, the photo in the east whitens."""
    compass = extension("panels.compass")
    for azimuth in (0, 270):
        bpy.ops.skyloom.add_region()
        scene.skyloom.direction.regions[-1].azimuth = azimuth
    compass.compass_icon(scene.skyloom.direction)
    angles = ((0, 90, -90, 90, 20), (270, 90, -90, 90, 20))
    picture = compass._picture(angles, ((90, 0, 40),), ("sun", 180, 45), 1)
    places = ((60, 128), (128, 60), (128, 203), (170, 128))
    north, west, east, south = (picture[row, column, :3] for row, column in places)
    assert np.argmax(north) == 0 and np.argmax(west) == 2 and east.std() < 0.01 < east.mean() - 0.3
    assert south[2] < south[0], "the sun is yellow"
    scene.skyloom.direction.regions[1].width = 30
    compass.compass_icon(scene.skyloom.direction)
    (icons,) = extension("panels.thumbnails")._collections
    assert len([key for key in icons if key.startswith("compass ")]) == 1, "the old picture is kept"


def test_directions_are_written_on_the_preview(installed):
    """East in the middle, west at both edges: as Blender shows a panorama."""
    picture = np.zeros((128, 256, 4), np.float32)
    extension("panels.letters").mark_directions(picture)
    columns = picture[..., 0].any(0)
    assert columns[[0, 64, 128, 192, 255]].all() and not columns[[32, 96, 160, 224]].any()
    assert not picture[:100].any()


LETTERS = {
    "N": "#...# ##..# ##..# #.#.# #..## #..## #...#",
    "E": "##### #.... #.... ####. #.... #.... #####",
    "S": ".#### #.... #.... .###. ....# ....# ####.",
    "W": "#...# #...# #...# #.#.# #.#.# ##.## #...#",
}


def test_picture_of_a_running_generation_says_where_is_what(scene):
    """The icon that the panel shows, read back: over a grey sky, each letter in its direction, and nothing else."""
    thumbnails = extension("panels.thumbnails")
    thumbnails.show_live(np.full((64, 128, 3), 0.18, np.float32))
    (collection,) = thumbnails._collections
    (icon,) = (icon for key, icon in collection.items() if key.startswith("live "))
    shown = np.array(icon.image_pixels_float[:]).reshape(64, 128, 4)[::-1, :, 0]
    white = shown > 0.99
    for letter, column in {"N": 32, "E": 64, "S": 96, "W": 0}.items():
        turned = np.roll(white, 64 - column, 1)[:, 56:72]
        rows, columns = (np.nonzero(turned.any(axis))[0] for axis in (1, 0))
        found = turned[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert " ".join("".join("#" if dot else "." for dot in line) for line in found) == LETTERS[letter]
        assert abs(56 + columns.mean() - 64) < 1 and rows.min() > 48
        white = np.roll(white, -column, 1)
        white[:, :8] = white[:, -8:] = False
        white = np.roll(white, column, 1)
    assert not white.any()
    assert np.median(shown[:48]) == pytest.approx(shown[0, 0], abs=1e-6)
    thumbnails.show_live(None)
    assert not [key for key in collection if key.startswith("live ")]
