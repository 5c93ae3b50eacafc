"""What tests read from finished skies, and a photo to begin one with."""

from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image


def pixels(file: str | Path) -> np.ndarray:
    """Radiance of an EXR, ``[H, W, 3]``."""
    return OpenEXR.File(str(file)).channels()["RGB"].pixels


def smooth_photo(path: Path, width: int = 48, height: int = 32) -> Path:
    """Save colours without edges, so that projecting them loses nothing, to *path* and return it."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / width * 4 + c) * np.cos(y / height * 3 - c) for c in range(3)]
    Image.fromarray((128 + 90 * np.stack(waves, -1)).astype(np.uint8)).save(path)
    return path
