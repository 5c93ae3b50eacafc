"""A stage's training curve as a picture."""

import json
from pathlib import Path

from matplotlib.figure import Figure


def draw_curve(folder: Path, title: str) -> Path | None:
    """Draw ``curve.jsonl`` of a stage's *folder* beside it as ``curve.png``; None if the stage has recorded nothing."""
    file = folder / "curve.jsonl"
    if not file.exists():
        return None
    points = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="minutes", ylabel="loss", yscale="log", title=title)
    losses = [point for point in points if "loss" in point]
    axes.plot([p["minutes"] for p in losses], [p["loss"] for p in losses])
    quality = [point for point in points if "decibel" in point]
    if quality:
        right = axes.twinx()
        right.plot([p["minutes"] for p in quality], [p["decibel"] for p in quality], "o", color="tab:orange")
        right.set_ylabel("held-out PSNR, dB")
    picture = folder / "curve.png"
    figure.savefig(picture, dpi=100)
    return picture
