"""Where what ships as data is: the bundled model, the catalogue, the gallery's page. Standard library only."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
