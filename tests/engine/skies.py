"""What tests read from finished skies."""

from pathlib import Path

import numpy as np
import OpenEXR


def pixels(file: str | Path) -> np.ndarray:
    """Radiance of an EXR, ``[H, W, 3]``."""
    return OpenEXR.File(str(file)).channels()["RGB"].pixels
