"""Keep the best pictures of the last window tests for the README and docs/.

ENGINE_PYTHON tools/screenshots.py        # out/gui/ -> docs/images/
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "out" / "gui"
KEPT = ROOT / "docs" / "images"
NAMES = {
    "story-sky": "window-sky",
    "story-half-way": "window-progress",
    "story-error": "window-error",
    "choosing-downloading": "window-models",
    "keeping-variations": "window-variations",
    "keeping-panels": "window-panels",
    "directing-regions": "window-regions",
    "keeping-panels-large": "window-panels-large",
    "keeping-panels-light": "window-panels-light",
}
MOST_BYTES = 190_000
WIDTHS = (1200, 1000, 800, 640)
GAP, HEADER = 12, 16  # pixels between panels, and of a panel's header above its name


def keep(picture: Image.Image, target: Path) -> None:
    """Write *picture* to *target*, as large as MOST_BYTES allow."""
    for width in (picture.width, *WIDTHS):
        if width > max(WIDTHS):
            continue
        small = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        palette = small.quantize(256, Image.Quantize.MAXCOVERAGE)  # keeps the icons' colours beside a sky's many
        small.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)
        if target.stat().st_size <= MOST_BYTES:
            break
    print(f"{target} ({target.stat().st_size // 1000} KB)")


def beside(theme: str) -> Image.Image:
    """Our panel, Blender's Sky Texture in the World tab and another add-on's panel, from the left."""
    boxes = seen("looks")["boxes"]
    ours, others = (shot(f"{name}-{theme}") for name in ("ours", "others"))
    return row([ours.crop(boxes["ours"]), others.crop(boxes["world"]), others.crop(boxes["ours"])])


def each() -> Image.Image:
    """Each of our sub-panels, open, without what is above all of them, and Blender's own tab in the same place."""
    saw = seen("each")
    ours = [shot(f"each-{name}").crop(saw["box"]) for name in saw["names"]]
    differ = np.ptp(np.stack([np.asarray(one, np.int16) for one in ours]), 0).max((1, 2)) > 0
    above = max(0, int(differ.argmax()) - HEADER)
    parts = [one.crop((0, above, one.width, one.height)) for one in ours]
    parts.append(shot("each-of-blender").crop(saw["box"]).crop((0, 0, *parts[0].size)))
    rows = [row(parts[first : first + 3]) for first in range(0, len(parts), 3)]
    height = rows[0].height + GAP
    sheet = Image.new("RGB", (rows[0].width, len(rows) * height - GAP))
    for number, one in enumerate(rows):
        sheet.paste(one, (0, number * height))
    return sheet


def seen(step: str) -> dict:
    """What *step* of the story *keeping* saw."""
    records = json.loads((SHOTS / "keeping.json").read_text("utf-8"))
    return next(record["saw"] for record in records if record["step"] == step)


def shot(name: str) -> Image.Image:
    return Image.open(SHOTS / f"keeping-{name}.png").convert("RGB")


def row(parts: list[Image.Image]) -> Image.Image:
    """*parts* from the left, with a gap in between."""
    sheet = Image.new("RGB", (sum(part.width + GAP for part in parts) - GAP, max(part.height for part in parts)))
    left = 0
    for part in parts:
        sheet.paste(part, (left, 0))
        left += part.width + GAP
    return sheet


KEPT.mkdir(parents=True, exist_ok=True)
for source, name in NAMES.items():
    keep(Image.open(SHOTS / f"{source}.png").convert("RGB"), KEPT / f"{name}.png")
each().quantize(48, dither=Image.Dither.NONE).save(KEPT / "interface-panels.png", optimize=True)
for theme in ("dark", "light"):
    keep(beside(theme), KEPT / f"interface-{theme}.png")
