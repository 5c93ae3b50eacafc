"""Render the pictures of the styles with the bundled model.

ENGINE_PYTHON tools/thumbnails.py        # assets/styles.toml -> assets/styles/*.jpg
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from engine.job import Job
from engine.models.loading import WarmModel
from engine.output.files import whole_file
from engine.pipeline import generate
from engine.quiet import silence_libraries
from styles import STYLES, Style

SIZE = 128  # pixels
SEED = 3
PLACE = "over a calm sea"


def render(style: Style, models: WarmModel, folder: Path) -> Image.Image:
    """A thumbnail of a panorama in *style*."""
    prompt, negative = style.applied(PLACE, "")
    out = folder / "sky.exr"
    for _ in generate(Job(prompt=prompt, negative=negative, seed=SEED), out, models):
        pass
    return cut(Image.open(out.with_suffix(".png")))


def cut(panorama: Image.Image) -> Image.Image:
    """The middle of *panorama* from the horizon up, with a little below it, square: poles look odd in it."""
    side, top = round(0.62 * panorama.height), round(0.03 * panorama.height)
    left = (panorama.width - side) // 2
    return panorama.crop((left, top, left + side, top + side)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def main() -> None:
    silence_libraries()
    models = WarmModel()
    with tempfile.TemporaryDirectory() as folder:
        for style in STYLES.values():
            style.picture.parent.mkdir(exist_ok=True)
            picture = render(style, models, Path(folder))
            with whole_file(style.picture) as partial:
                picture.save(partial, quality=88)
            print(style.picture)


if __name__ == "__main__":
    main()
