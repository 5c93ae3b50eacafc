"""A sheet for each way of directing a sky, made with the bundled model: the pictures of docs/directing.md.

    BPY_PYTHON tools/set_pictures.py                      # what stands on the set
    ENGINE_PYTHON tools/direction_sheets.py [NAME...]     # skies into out/directing/, sheets into docs/images/
    BPY_PYTHON tools/set_pictures.py                      # the shot in its skies
    ENGINE_PYTHON tools/direction_sheets.py shot

A sky that is there already is not made again, so that a stopped run goes on.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.job import Job  # noqa: E402
from engine.job_parts import Layout  # noqa: E402
from engine.light.transfer import tonemap  # noqa: E402
from engine.models.loading import WarmModel  # noqa: E402
from engine.pipeline import generate  # noqa: E402
from engine.protocol import Result  # noqa: E402
from engine.sphere.equirectangular import direction, directions  # noqa: E402
from engine.sphere.gnomonic import View, render  # noqa: E402
from engine.sphere.resampling import reader  # noqa: E402
from engine.start.layout import draw  # noqa: E402

FOLDER, IMAGES = ROOT / "out" / "directing", ROOT / "docs" / "images"
WIDTH = 960  # pixels of a sheet
LABEL = 18  # pixels of a caption
SETTINGS = {"seed": 3, "steps": 10, "sampler": "multidiffusion"}  # without coherence, which other sheets show
_models = WarmModel()

Captioned = tuple[str, Path]


def sky(name: str, prompt: str, **fields: Any) -> Path:
    """The EXR of a sky; a picture to look at lies beside it."""
    out = FOLDER / f"{name}.exr"
    if not out.exists():
        *_, result = generate(Job.from_dict({"prompt": prompt} | SETTINGS | fields), out, _models)
        assert isinstance(result, Result)
        print(f"{result.seconds:6.1f} s  {name}", flush=True)
    return out


def drawn(name: str, layout: dict[str, Any], height: int = 512) -> Path:
    return painted(name, tonemap(draw(Layout(**layout), height)))


def painted(name: str, picture: torch.Tensor) -> Path:
    """*picture* ``[3, H, W]``, as a display shows it, in a file."""
    path = FOLDER / f"{name}.png"
    Image.fromarray((picture.permute(1, 2, 0).clamp(0, 1) * 255).byte().numpy()).save(path)
    return path


def photo(name: str, layout: dict[str, Any], azimuth: float) -> Path:
    """What a camera of 70 degrees sees of a rendered sky."""
    panorama = tonemap(draw(Layout(**layout), 1024))
    return painted(name, render(reader(panorama), 1024, View(azimuth, 8, 70, 640))[:, 80:560])


def mask(name: str, chosen: torch.Tensor) -> Path:
    path = FOLDER / f"{name}.png"
    Image.fromarray((chosen.numpy() * 255).astype(np.uint8)).save(path)
    return path


def disc(azimuth: float, elevation: float, radius: float) -> torch.Tensor:
    return torch.tensordot(direction(azimuth, elevation), directions(512), dims=1) > np.cos(np.radians(radius))


def regions() -> Iterator[Captioned]:
    clear, storm = "noon, clear sky over the sea", {"prompt": "storm clouds over the sea", "azimuth": 270, "width": 130}
    yield "noon; a storm in the west, across the seam", sky("region-storm", clear, regions=[storm])
    night = {"prompt": "starry night over a meadow", "azimuth": 40, "width": 110}
    dusk = {"prompt": "golden hour over a meadow", "azimuth": 220, "width": 110}
    yield (
        "noon; night in the north-east, golden hour in the south-west",
        sky("region-hours", "noon, few clouds over a meadow", regions=[night, dusk]),
    )


def layouts() -> Iterator[Captioned]:
    for name, prompt, layout in (
        (
            "layout-gold",
            "golden hour over the sea, few clouds",
            dict(azimuth=60, elevation=9, clouds="few", ground="sea"),
        ),
        (
            "layout-noon",
            "noon, scattered clouds over a meadow, mountains",
            dict(azimuth=140, elevation=40, clouds="scattered", ground="grass", horizon="mountains"),
        ),
    ):
        yield "the layout, drawn", drawn(f"{name}-drawn", layout)
        yield "refined, strength 0.5", sky(name, prompt, layout=layout, strength=0.5)


def kinds() -> Iterator[Captioned]:
    """Skies of the kinds that the renderer draws, and what a camera of 90 degrees sees of what stands at a place."""
    around: dict[str, dict[str, Any]] = {
        "mountains, a lake, golden hour": dict(
            clouds="few", ground="lake", horizon="mountains", azimuth=230, elevation=6, glow="golden"
        ),
        "a storm with rain over the sea": dict(clouds="storm", ground="sea", seed=1),
        "stars and the Milky Way": dict(light="stars", clouds="clear", ground="snow", horizon="hills", seed=7),
        "aurora": dict(light="stars", clouds="clear", ground="lake", aurora=True, seed=1),
        "coast": dict(clouds="few", ground="coast", azimuth=220, seed=3),
    }
    ahead: dict[str, dict[str, Any]] = {
        "cumulonimbus": dict(clouds="cumulonimbus", azimuth=320, elevation=25, seed=4),
        "sun rays": dict(rays=True, clouds="scattered", elevation=32, horizon="mountains", seed=4),
        "fog banks": dict(fog=True, clouds="overcast", ground="lake", horizon="mountains", seed=3),
        "city": dict(clouds="few", horizon="city", azimuth=330, elevation=20, seed=7),
        "city by night": dict(light="stars", clouds="few", ground="lake", horizon="city", seed=3),
        "city glow": dict(light="stars", clouds="scattered", horizon="mountains", city_glow=True, seed=5),
        "crescent": dict(light="moon", elevation=15, clouds="cirrus", cover=0.3, ground="sea", moon_phase=0.15, seed=6),
    }
    for caption, layout in around.items():
        yield caption, drawn(f"kind {caption}", layout)
    for caption, layout in ahead.items():
        panorama = tonemap(draw(Layout(**layout), 1024))
        yield caption, painted(f"kind {caption}", render(reader(panorama), 1024, View(90, 12, 90, 640))[:, 160:480])


def photos() -> Iterator[Captioned]:
    sea = dict(azimuth=75, elevation=8, clouds="few", ground="sea")
    east, west = photo("photo-east", sea, 75), photo("photo-west", sea, 255)
    views = [
        {"file": str(file), "azimuth": azimuth, "elevation": 8, "field_of_view": 70}
        for file, azimuth in ((east, 75), (west, 255))
    ]
    prompt = "golden hour over the sea, few clouds"
    yield "a photo, looking east", east
    yield "the rest painted around it", sky("photo-one", prompt, photos=views[:1])
    yield "another, looking west", west
    yield "painted around both", sky("photo-two", prompt, photos=views)


def sketches() -> Iterator[Captioned]:
    blocks = torch.zeros(3, 512, 1024)
    for rows, colour in (
        ((0, 130), (0.15, 0.3, 0.6)),
        ((130, 256), (0.5, 0.65, 0.85)),
        ((256, 512), (0.3, 0.45, 0.15)),
    ):
        blocks[:, slice(*rows)] = torch.tensor(colour)[:, None, None]
    for top, left, high, wide in ((110, 120, 70, 260), (150, 560, 50, 160), (60, 700, 90, 250)):
        blocks[:, top : top + high, left : left + wide] = 0.92
    sketch = painted("sketch", blocks)
    yield "blocks of colour", sketch
    yield (
        "a sky of them, strength 0.85",
        sky("sketched", "noon, scattered clouds over a meadow", start=str(sketch), strength=0.85),
    )


def edits() -> Iterator[Captioned]:
    before = sky(
        "layout-gold",
        "golden hour over the sea, few clouds",
        layout=dict(azimuth=60, elevation=9, clouds="few", ground="sea"),
        strength=0.5,
    )
    cloud = mask("edit-cloud-mask", disc(58, 41, 16))
    area = mask("edit-area-mask", disc(240, 20, 65) & (directions(512)[2] > 0))
    small = mask("edit-small-mask", disc(345, 32, 20))
    ground = mask("edit-ground-mask", directions(512)[2] < 0)
    yield "a sky", before
    gone: dict[str, Any] = {"start": str(before), "erase": True}
    prompt, negative = "golden hour over the sea, few clouds, no sun in view", "sun, glare, facing the sun"
    yield "Remove Sun", sky("edit-sun", prompt, sun="off", negative=negative, **gone)
    yield "Remove Painted Cloud", sky("edit-cloud", "clear sky", mask=str(cloud), negative="clouds", **gone)
    drawn: dict[str, Any] = {"start": str(before), "draw_named": True}
    yield "a painted area: puffy clouds", sky("edit-small", "puffy white clouds", mask=str(small), **drawn)
    yield "a painted area: storm clouds", sky("edit-area", "storm clouds", mask=str(area), **drawn)
    yield (
        "Extend Below Horizon: snow",
        sky("edit-ground", "golden hour over snow", mask=str(ground), feather=0, **drawn),
    )


def styles() -> Iterator[Captioned]:
    looks = drawn("style", dict(azimuth=90, elevation=2, clouds="broken", ground="sea", glow="red"))
    prompt = "sunset over the sea, broken clouds"
    yield "the reference", looks
    yield "the prompt alone", sky("style-none", prompt)
    for name, loss in (("look", "10 * lpips-vgg"), ("style", "10000 * style")):
        yield (
            f"drawn to its {name}",
            sky(f"style-{name}", prompt, sampler="sync", sync_anchor=str(looks), sync_loss=loss),
        )


def fit() -> Iterator[Captioned]:
    for name, caption in (("depth", "Render Depth"), ("normals", "Render Normals"), ("lines", "Render Lines")):
        yield caption, FOLDER / f"set-{name}.png"
    visible = FOLDER / "set-sky.png"
    yield "Visible Sky as Region", visible
    region = {"prompt": "golden hour, scattered clouds", "mask": str(visible)}
    yield "golden hour where the sky is seen, overcast behind the set", sky("fit", "overcast", regions=[region])
    for name, prompt in (
        ("noon", "noon, scattered clouds over the sea"),
        ("sunset", "sunset over the sea, a few clouds"),
        ("storm", "storm clouds over the sea"),
    ):
        sky(f"shot-{name}", prompt)


SHEETS = {
    "directions": regions,
    "layout": layouts,
    "renderer": kinds,
    "photos": photos,
    "sketch": sketches,
    "edits": edits,
    "style": styles,
    "fit": fit,
}


def sheet(pictures: list[Captioned], path: Path) -> None:
    """Two in a row, or three of many, each under its caption."""
    columns = 3 if len(pictures) > 10 else 2
    width, below = WIDTH // columns, WIDTH // columns // 2 + LABEL
    page = Image.new("RGB", (WIDTH, -(-len(pictures) // columns) * below), (24, 24, 24))
    pen = ImageDraw.Draw(page)
    for index, (caption, file) in enumerate(pictures):
        picture = Image.open(file.with_suffix(".png")).convert("RGB")
        picture.thumbnail((width, width // 2), Image.Resampling.LANCZOS)
        x, y = index % columns * width, index // columns * below
        pen.text((x + 6, y + 3), caption, fill=(220, 220, 220))
        page.paste(picture, (x + (width - picture.width) // 2, y + LABEL))
    page.save(path, quality=85 if columns == 2 else 78)
    print(path)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or SHEETS:
        if name == "shot":
            Image.open(FOLDER / "shot.png").convert("RGB").save(IMAGES / "shot.jpg", quality=85)
            continue
        sheet(list(SHEETS[name]()), IMAGES / f"{name}.jpg")


if __name__ == "__main__":
    main()
