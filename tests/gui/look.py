"""What a viewport that looks at a panorama must show, computed from the panorama and the view alone."""

from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels, y down


def read_panorama(path: Path) -> np.ndarray:
    """Linear radiance, [height, width, 3], the top row first."""
    with OpenEXR.File(str(path)) as file:
        return np.array(file.channels()["RGB"].pixels, np.float32)


def expected(panorama: np.ndarray, view_matrix: list, window_matrix: list, region: Box, crop: Box) -> np.ndarray:
    """The sRGB picture of *crop* in a perspective viewport that fills *region*, on the "Standard" view transform.

    Blender's world mapping: the centre of the texture lies at +X, the left of it at +Y.
    """
    left, top, right, bottom = region
    columns, rows = np.meshgrid(np.arange(crop[0], crop[2]) + 0.5, np.arange(crop[1], crop[3]) + 0.5)
    x, y = 2 * (columns - left) / (right - left) - 1, 1 - 2 * (rows - top) / (bottom - top)
    backwards = np.linalg.inv(np.array(window_matrix) @ np.array(view_matrix))
    near, far = (np.stack([x, y, np.full_like(x, depth), np.ones_like(x)], -1) @ backwards.T for depth in (-1, 1))
    near, far = (point[..., :3] / point[..., 3:] for point in (near, far))
    ray = (far - near) / np.linalg.norm(far - near, axis=-1, keepdims=True)
    u = 0.5 - np.arctan2(ray[..., 1], ray[..., 0]) / (2 * np.pi)
    v = 0.5 - np.arcsin(ray[..., 2]) / np.pi
    height, width = panorama.shape[:2]
    seen = panorama[np.clip((v * height).astype(int), 0, height - 1), (u * width).astype(int) % width]
    seen = np.clip(seen, 0, 1)
    return np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


def read_screenshot(path: Path, crop: Box) -> np.ndarray:
    """Values from 0 to 1, [height, width, 3]."""
    return np.asarray(Image.open(path).convert("RGB").crop(crop), np.float32) / 255


def blocks(picture: np.ndarray, size: int = 16) -> np.ndarray:
    """Means of *size* x *size* pixels, [n, 3]: what the eye compares, without pixel noise and interpolation."""
    height, width = (length // size * size for length in picture.shape[:2])
    cells = picture[:height, :width].reshape(height // size, size, width // size, size, 3)
    return cells.mean((1, 3)).reshape(-1, 3)
