"""The four cardinal letters as pixels, for pictures that are drawn by hand."""

import numpy as np

_LETTERS = {
    "N": ("#...#", "##..#", "##..#", "#.#.#", "#..##", "#..##", "#...#"),
    "E": ("#####", "#....", "#....", "####.", "#....", "#....", "#####"),
    "S": (".####", "#....", "#....", ".###.", "....#", "....#", "####."),
    "W": ("#...#", "#...#", "#...#", "#.#.#", "#.#.#", "##.##", "#...#"),
}
CARDINALS = {"N": 0.0, "E": 90.0, "S": 180.0, "W": 270.0}  # degrees clockwise from north


def stamp(picture: np.ndarray, letter: str, row: float, column: float, scale: int) -> None:
    """Draw *letter* around *row* and *column* of *picture* ``[height, width, channels]``: white on a dark rim.

    It goes round the left and right edges, as a panorama does.
    """
    shape = np.array([[dot == "#" for dot in line] for line in _LETTERS[letter]])
    shape = np.pad(shape.repeat(scale, 0).repeat(scale, 1), scale)
    rim = np.zeros_like(shape)
    for down in range(-scale, scale + 1):
        for across in range(-scale, scale + 1):
            rim |= np.roll(shape, (down, across), (0, 1))
    height, width = picture.shape[:2]
    rows = np.clip(round(row) - shape.shape[0] // 2, 0, height - shape.shape[0]) + np.arange(shape.shape[0])
    columns = (round(column) - shape.shape[1] // 2 + np.arange(shape.shape[1])) % width
    place = np.ix_(rows, columns)
    patch = picture[place]
    patch[rim, :3] *= 0.25
    patch[shape, :3] = 1.0
    if picture.shape[2] == 4:
        patch[rim, 3] = 1.0
    picture[place] = patch


def mark_directions(picture: np.ndarray) -> None:
    """Write the cardinal letters along the bottom of the panorama *picture* ``[height, width, channels]``."""
    height, width = picture.shape[:2]
    scale = max(1, round(height / 64))
    for letter, azimuth in CARDINALS.items():
        stamp(picture, letter, height - 5 * scale, ((azimuth + 90) % 360) / 360 * width, scale)
