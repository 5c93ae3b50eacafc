"""Extension repositories of two versions of Skyloom, to update from one to the other."""

import re
import zipfile
from pathlib import Path

from tools import package

OLDER = "0.0.9"


def publish_older(archive: Path, folder: Path) -> None:
    """Make *folder* a repository that has the extension's zip *archive* with another version in it."""
    folder.mkdir(exist_ok=True)
    with (
        zipfile.ZipFile(archive) as source,
        zipfile.ZipFile(folder / f"skyloom-{OLDER}.zip", "w", zipfile.ZIP_STORED) as target,
    ):
        for item in source.infolist():
            data = source.read(item)
            if item.filename in ("blender_manifest.toml", "engine/__init__.py"):
                data = re.sub(rb'(?m)^(version|__version__) = "[^"]*"', rb'\1 = "%s"' % OLDER.encode(), data)
            target.writestr(item, data)
    package.run_tool("server-generate", "--repo-dir", str(folder))
