"""A page that shows the skies of a batch, opened from disk: ``gallery.html`` and, in ``gallery/``, what it loads."""

import base64
import json
import logging
import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from ..assets import ASSETS
from ..errors import GenerationFailed
from ..output.files import whole_file
from ..output.header import read_job

log = logging.getLogger(__name__)

PAGE = ASSETS / "gallery"
_THUMBNAIL_WIDTH = 320
_PANORAMA_WIDTH = 4096  # what every graphics card takes as a texture


class Gallery:
    """Collects skies, and writes the page that shows them. folder: the batch's, where the page goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._skies: list[dict[str, Any]] = []

    def add(self, exr: Path) -> None:
        """Show the sky *exr* (its PNG, and the job in its header). A picture that cannot be written is logged."""
        self._skies.append({"exr": exr.relative_to(self._folder).as_posix(), "job": read_job(exr)})
        show(self._folder, exr)

    def write(self, order: list[str]) -> Path:
        """Write the page with its skies in the *order* of their names, and return it.

        Raises :class:`GenerationFailed`.
        """
        place = {name: index for index, name in enumerate(order)}
        skies = sorted(self._skies, key=lambda sky: place[sky["exr"]])
        target = self._folder / "gallery"
        try:
            shutil.copytree(PAGE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("gallery.html"))
        except OSError as error:
            raise GenerationFailed(f"The gallery {target} could not be written ({error}).", "Run it again.") from error
        with whole_file(target / "skies.js") as partial:
            lines = ",\n".join(json.dumps(sky, ensure_ascii=False) for sky in skies)
            partial.write_text(f"const SKIES = [\n{lines}\n];\n", encoding="utf-8")
        page = self._folder / "gallery.html"
        with whole_file(page) as partial:
            shutil.copyfile(PAGE / "gallery.html", partial)
        return page


def show(folder: Path, exr: Path) -> None:
    """Write what the page in *folder* shows of the sky *exr*, unless it is there. What cannot be written is logged."""
    try:
        _write_pictures(folder, exr)
    except (GenerationFailed, OSError) as error:  # the sky itself is there; the next run makes up for it
        log.warning("%s", error)


def _write_pictures(folder: Path, exr: Path) -> None:
    """The thumbnail and the panorama, made from the PNG of *exr*, whose time the thumbnail gets.

    The panorama is a script, as a page from disk may not read pictures.
    """
    name = exr.relative_to(folder).as_posix()
    png = exr.with_suffix(".png")
    thumbnail = folder / "gallery" / "pictures" / Path(name).with_suffix(".jpg")
    written = png.stat().st_mtime_ns
    if thumbnail.is_file() and thumbnail.stat().st_mtime_ns == written:
        return
    thumbnail.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(png) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_PANORAMA_WIDTH, _PANORAMA_WIDTH))
    encoded = BytesIO()
    picture.save(encoded, "JPEG", quality=88)
    url = f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}"
    with whole_file(thumbnail.with_suffix(".js")) as partial:
        partial.write_text(f"receivePanorama({json.dumps(name)}, {json.dumps(url)});\n", encoding="utf-8")
    picture.thumbnail((_THUMBNAIL_WIDTH, _THUMBNAIL_WIDTH))
    with whole_file(thumbnail) as partial:
        picture.save(partial, "JPEG", quality=85)
        os.utime(partial, ns=(written, written))
