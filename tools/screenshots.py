"""Keep the best pictures of the last window tests for the README.

ENGINE_PYTHON tools/screenshots.py        # out/gui/ -> docs/images/
"""

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
MOST_BYTES = 200_000
WIDTHS = (1200, 1000, 800, 640)


def keep(source: Path, target: Path) -> None:
    """Write *source* to *target*, as large as MOST_BYTES allow."""
    picture = Image.open(source).convert("RGB")
    for width in WIDTHS:
        small = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        palette = small.quantize(256, Image.Quantize.MAXCOVERAGE)  # keeps the icons' colours beside a sky's many
        small.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)
        if target.stat().st_size <= MOST_BYTES:
            break
    print(f"{target} ({target.stat().st_size // 1000} KB)")


KEPT.mkdir(parents=True, exist_ok=True)
for shot, name in NAMES.items():
    keep(SHOTS / f"{shot}.png", KEPT / f"{name}.png")
