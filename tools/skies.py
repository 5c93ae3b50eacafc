"""Six prompts, six panoramas: the README's first picture, by the path that a click takes.

    make skies        # generates into out/skies/, puts the sheet in docs/images/skies.jpg

Runs in the engine's Python.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.job import Job  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.pipeline import generate  # noqa: E402
from engine.protocol import Result  # noqa: E402

PROMPTS = (
    "golden hour over a calm sea, scattered clouds",
    "clear blue sky at noon over sand dunes",
    "a fiery sunset with wispy clouds over a lake",
    "puffy white clouds over green fields, mountains on the horizon",
    "dramatic storm clouds over a grass field",
    "starry night with the milky way over snowy mountains",
)
SEED = 1
FOLDER, SHEET = ROOT / "out" / "skies", ROOT / "docs" / "images" / "skies.jpg"
SHOWN = (600, 300)  # pixels of a panorama on the sheet
COLUMNS, LABEL = 2, 18  # panoramas in a row, pixels of a caption


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    models, pictures = WarmModel(), []
    for number, prompt in enumerate(PROMPTS):
        *_, result = generate(Job(prompt=prompt, seed=SEED), FOLDER / f"{number}.exr", models)
        assert isinstance(result, Result)
        pictures.append(Image.open(result.png).convert("RGB").resize(SHOWN, Image.Resampling.LANCZOS))
        print(f"{result.seconds:6.1f} s  {prompt}", flush=True)
    width, height = pictures[0].width, pictures[0].height + LABEL
    page = Image.new("RGB", (COLUMNS * width, len(pictures) // COLUMNS * height), (24, 24, 24))
    pen = ImageDraw.Draw(page)
    for index, (prompt, picture) in enumerate(zip(PROMPTS, pictures, strict=True)):
        x, y = index % COLUMNS * width, index // COLUMNS * height
        pen.text((x + 6, y + 3), prompt, fill=(220, 220, 220))
        page.paste(picture, (x, y + LABEL))
    page.save(SHEET, quality=80)
    print(SHEET)


if __name__ == "__main__":
    main()
