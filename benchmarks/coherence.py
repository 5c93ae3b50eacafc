"""How coherent the panoramas of each weight w and each sampler are, as a table and a contact sheet.

    python -m benchmarks.coherence [--model FOLDER] [--width 1024] [--steps N] [--prompts TEXT ...] [--seeds 0 ...]
        [--rows NAME ...] [--out out/coherence] [--clip FOLDER] [--device cpu] [--precision auto]

One row per way of making them, one picture per prompt and seed; the measures are means over these, the intra distances
as in the paper. "nothing" is windows side by side that know nothing of each other. The measured files stay in --out.
"""

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image, ImageDraw  # noqa: E402

from engine.quiet import silence_libraries  # noqa: E402

silence_libraries()  # before they are imported

from engine.devices import choose_device  # noqa: E402
from engine.job import BUNDLED_MODEL, Job  # noqa: E402
from engine.measure import measure, table  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.pipeline import generate  # noqa: E402
from engine.plan import plan  # noqa: E402

PROMPTS = (
    "golden hour over a calm sea, scattered clouds",
    "storm clouds over a grass field",
    "puffy white clouds over green fields, midday",
    "clear blue sky at noon over sand dunes",
    "overcast sky over a meadow",
    "starry night with the milky way over the desert",
    "sunset over the ocean with wispy clouds",
    "dusk over a snowy plain, mountains",
)
LABEL = 150  # pixels of a contact sheet's first column


def ways(window: int) -> dict[str, dict[str, Any]]:
    """What a row of the table is called, and what its jobs ask for. window: latent columns of one window."""
    synchronized = {f"sync, w = {w}": {"sync_weight": float(w), "sync_windows": "all"} for w in (5, 10, 20)}
    return {
        "nothing": {"sampler": "multidiffusion", "stride": window},
        "multidiffusion (w = 0)": {"sampler": "multidiffusion"},
        **synchronized,
        "default preset": {},
        "half-resolution colour": {"sync_gradient": "half-resolution-colour", "sync_windows": "all"},
        "swap": {"sampler": "swap"},
        "spot": {"sampler": "spot"},
        "full": {"sampler": "full"},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=BUNDLED_MODEL)
    parser.add_argument("--width", type=int)
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's own)")
    parser.add_argument("--prompts", nargs="+", default=PROMPTS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--rows", nargs="+", help="only these rows of the table")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "coherence")
    parser.add_argument("--clip", help="folder of a CLIP model, for the CLIP score")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto")
    chosen = parser.parse_args()
    warm = WarmModel()
    model = warm.get(chosen.model, choose_device(chosen.device))
    asked: dict[str, Any] = {"layout": "none"}  # which decides much of a sky before any window is synchronized
    asked |= {name: getattr(chosen, name) for name in ("model", "width", "steps", "device", "precision")}
    plain = plan(Job(prompt=chosen.prompts[0], **asked), model).job
    assert plain.window is not None
    means, files = [], {}
    known = ways(plain.window)
    if unknown := set(chosen.rows or ()) - known.keys():
        parser.error(f"no rows {sorted(unknown)}; choose from {', '.join(known)}")
    rows_asked = {name: known[name] for name in chosen.rows or known}
    for name, way in rows_asked.items():
        folder = chosen.out / "".join(c if c.isalnum() else "-" for c in name)
        files[name], rows = [], []
        for number, prompt in enumerate(chosen.prompts):
            for seed in chosen.seeds:
                file = folder / f"{number}-{seed}.exr"
                *_, result = generate(Job(prompt=prompt, seed=seed, **asked | way), file, warm)
                rows += [row | {"seconds": result.seconds} for row in measure(file, chosen.clip)]
                files[name].append(file.with_suffix(".png"))
        columns = [column for column in rows[0] if column != "file"]
        means.append({"": name} | {column: statistics.mean(row[column] for row in rows) for column in columns})
    print(f"{Path(chosen.model).name}, {plain.width} x {plain.width // 2}, {plain.steps} steps, {chosen.device}")
    print(f"means over {len(chosen.prompts)} prompts and {len(chosen.seeds)} seeds\n")
    print(table(means))
    contact_sheet(files).save(chosen.out / "sheet.png")
    print(f"\nContact sheet: {chosen.out / 'sheet.png'}")
    return 0


def contact_sheet(files: dict[str, list[Path]]) -> Image.Image:
    """The pictures of each row beside its name."""
    width, height = Image.open(next(iter(files.values()))[0]).size
    columns = max(len(row) for row in files.values())
    sheet = Image.new("RGB", (LABEL + columns * width, len(files) * height), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (name, row) in enumerate(files.items()):
        draw.text((8, number * height + height // 2), name, "black")
        for column, file in enumerate(row):
            with Image.open(file) as picture:
                sheet.paste(picture, (LABEL + column * width, number * height))
    return sheet


if __name__ == "__main__":
    sys.exit(main())
