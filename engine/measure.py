"""``python -m engine metrics``: the measures of :mod:`engine.metrics` for a picture, or for a folder of them."""

import math
from collections.abc import Iterator
from pathlib import Path

import torch

from .errors import BadRequest
from .job import Job
from .metrics import clip_score, intra_distances, pole_ratio, seam_ratio
from .output.header import read_job
from .output.pictures import read_png_job
from .perceptual.clip_distance import PromptDistance
from .perceptual.library import PerceptualLibrary
from .perceptual.style_distance import StyleDistance
from .start.reading import read_display

Row = dict[str, str | float | None]

SMALLEST = 32  # pixels of height: below, the last of VGG's layers see next to nothing


def measure(path: Path, clip: str | None = None, prompt: str | None = None) -> Iterator[Row]:
    """One row per picture: the file's name and its measures; None for one that it cannot have.

    path: an EXR or PNG, or a folder of these, where a PNG beside an EXR of the same name is left out. clip: folder of a
    CLIP. prompt: what the pictures should show; by default what the job in the file says.
    Raises :class:`BadRequest`, :class:`BadModel` or :class:`EngineIncomplete`.
    """
    library, device = PerceptualLibrary(), torch.device("cpu")
    vgg = library.lpips("vgg", device)
    distances = (vgg, StyleDistance(vgg.network), StyleDistance(vgg.network, "mean"))
    for file in _pictures(path):
        picture = read_display(file)
        _, height, width = picture.shape
        if height < SMALLEST or width < height:
            raise BadRequest(
                f"{file} is {width} x {height} pixels, which is no panorama that can be measured.",
                f"It must be at least {SMALLEST} pixels high, and as wide as high.",
            )
        lpips, style, style_mean = intra_distances(picture, distances)
        zenith, nadir = pole_ratio(picture)
        row = {
            "intra-LPIPS": lpips,
            "intra-style": style,
            "intra-style, mean of layers": style_mean,
            "seam ratio": seam_ratio(picture),
            "zenith ratio": zenith,
            "nadir ratio": nadir,
        }
        if clip is not None:
            text = prompt or _job(file).prompt
            row["CLIP score"] = clip_score(picture, PromptDistance(library.clip(clip, device), text))
        yield {"file": file.name} | {name: value if math.isfinite(value) else None for name, value in row.items()}


def table(rows: list[Row]) -> str:
    """*rows* as a Markdown table."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str | float | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else f"{value:.4g}"


def _job(file: Path) -> Job:
    return Job.from_dict(read_png_job(file) if file.suffix.lower() == ".png" else read_job(file))


def _pictures(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    exrs = sorted(path.glob("*.exr"))
    pngs = [file for file in path.glob("*.png") if file.with_suffix(".exr") not in exrs]
    if not exrs and not pngs:
        raise BadRequest(f"There is no EXR or PNG in {path}.", "Name a picture, or a folder of pictures.")
    return sorted([*exrs, *pngs])
