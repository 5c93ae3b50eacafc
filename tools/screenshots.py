"""Keep the best pictures of the last window tests for the README and docs/.

ENGINE_PYTHON tools/screenshots.py        # out/gui/ -> docs/images/
"""

import json
from pathlib import Path

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
GAP = 12  # pixels between panels


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
    steps = {record["step"]: record["saw"] for record in json.loads((SHOTS / "keeping.json").read_text("utf-8"))}
    boxes = steps["looks"]["boxes"]
    ours, others = (Image.open(SHOTS / f"keeping-{name}-{theme}.png").convert("RGB") for name in ("ours", "others"))
    parts = [ours.crop(boxes["ours"]), others.crop(boxes["world"]), others.crop(boxes["ours"])]
    sheet = Image.new("RGB", (sum(part.width + GAP for part in parts) - GAP, max(part.height for part in parts)))
    left = 0
    for part in parts:
        sheet.paste(part, (left, 0))
        left += part.width + GAP
    return sheet


KEPT.mkdir(parents=True, exist_ok=True)
for shot, name in NAMES.items():
    keep(Image.open(SHOTS / f"{shot}.png").convert("RGB"), KEPT / f"{name}.png")
for theme in ("dark", "light"):
    keep(beside(theme), KEPT / f"interface-{theme}.png")
