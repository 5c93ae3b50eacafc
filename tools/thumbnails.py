"""Render the pictures of the styles with the bundled model.

ENGINE_PYTHON tools/thumbnails.py        # assets/styles.toml -> assets/styles/*.png
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
    """The middle of a panorama in *style*, square."""
    prompt, negative = style.applied(PLACE, "")
    out = folder / "sky.exr"
    for _ in generate(Job(prompt=prompt, negative=negative, seed=SEED), out, models):
        pass
    panorama = Image.open(out.with_suffix(".png"))
    left = (panorama.width - panorama.height) // 2
    square = panorama.crop((left, 0, left + panorama.height, panorama.height))
    return square.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def main() -> None:
    silence_libraries()
    models = WarmModel()
    with tempfile.TemporaryDirectory() as folder:
        for style in STYLES.values():
            style.picture.parent.mkdir(exist_ok=True)
            picture = render(style, models, Path(folder))
            with whole_file(style.picture) as partial:
                picture.save(partial, optimize=True)
            print(style.picture)


if __name__ == "__main__":
    main()
