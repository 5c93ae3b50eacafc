"""Make the extension repository that Blender subscribes to: a folder of static files for any web server.

    python3.11 tools/repository.py dist/repository        # prints the folder's index

Blender's tool writes index.json and index.html beside the zip. Other versions' zips are deleted: of several for one
Blender, Blender 4.3 takes the first that is listed. Standard library only; Blender's tool runs in the bpy environment.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.package import package, run, run_tool  # noqa: E402


def repository(folder: Path) -> Path:
    """Make the repository of this version in *folder* and return its index, whose address one subscribes to.

    Raises CalledProcessError if Blender's tool finds a fault.
    """
    archive = package(folder)
    for other in folder.glob(f"{archive.stem.partition('-')[0]}-*.zip"):
        if other != archive:
            other.unlink()
    run_tool("server-generate", "--repo-dir", str(folder), "--html")
    return folder / "index.json"


def _published(folder: Path) -> str:
    return f"{repository(folder)} (put its folder on a web server, and give Blender the address of this file)"


if __name__ == "__main__":
    sys.exit(run(_published, __doc__))
