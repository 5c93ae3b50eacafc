"""A sky that is drawn to a picture by what CLIP sees in it: a whole generation, on tiny random models."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skies import smooth_photo
from tiny_text import make_clip

from engine.output.header import read_job
from engine.perceptual.clip_distance import ClipDistance, ClipNetwork
from engine.start.reading import read_display

WINDOW = 64  # pixels, of a panorama that is twice as wide


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("models") / "clip")


@pytest.fixture
def distance(clip):
    """How far all windows of a panorama's picture are from a square picture, to CLIP."""
    between = ClipDistance(ClipNetwork(str(clip)))

    def distance(panorama: str, reference: Path) -> float:
        seen = torch.from_numpy(np.array(Image.open(panorama).convert("RGB"))).permute(2, 0, 1) / 255
        windows = torch.stack([seen.roll(-start, 2)[..., :WINDOW] for start in range(0, 2 * WINDOW, WINDOW // 2)])
        return between(windows, read_display(reference)[None]).mean().item()

    return distance


def test_a_sky_is_drawn_to_what_clip_sees_in_a_picture(make, clip, distance, tmp_path):
    """The more so the stronger, and to this picture and no other."""
    smooth, checked = smooth_photo(tmp_path / "smooth.png", WINDOW, WINDOW), tmp_path / "checked.png"
    board = np.indices((WINDOW, WINDOW)).sum(0) // 8 % 2
    Image.fromarray((board[..., None] * np.array([250, 40, 10])).astype(np.uint8)).save(checked)
    drawn = {"sampler": "sync", "sync_windows": "all", "sync_loss": "clip", "clip": str(clip), "poles": False}

    def sky(name: str, reference: Path, weight: float) -> str:
        result, _ = make(name, sync_anchor=str(reference), sync_weight=weight, sync_steps=4, sync_decay=1.0, **drawn)
        assert read_job(Path(result.exr))["sync_anchor"] == str(reference)
        return result.png

    none, some, much = (distance(sky(f"w{weight}", smooth, weight), smooth) for weight in (0, 100, 1000))
    assert much < some < none and much < 0.8 * none
    assert much < distance(sky("other", checked, 1000), smooth)
