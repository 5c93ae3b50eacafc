"""Build the extension's zip with Blender's own tool, and validate the folder before and the zip after.

    python3.11 tools/package.py dist        # prints the zip's path and size

Standard library only; Blender's tool runs in the bpy environment.
"""

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.debian import BPY_LIBRARIES, Unavailable, ensure  # noqa: E402
from tools.environments import make  # noqa: E402

ENVIRONMENT = "blender-4_5"
TOOL_SECONDS = 300


def package(folder: Path) -> Path:
    """Build the zip in *folder* and return its path. Raises CalledProcessError if Blender's tool finds a fault."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    archive = folder / f"{manifest['id']}-{manifest['version']}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    run_tool("validate", str(ROOT))
    run_tool("build", "--source-dir", str(ROOT), "--output-filepath", str(archive))
    run_tool("validate", str(archive))
    return archive


def run_tool(*arguments: str) -> None:
    """Run Blender's own extension tool. Raises CalledProcessError if it finds a fault."""
    ensure(BPY_LIBRARIES)
    command = [str(make(ENVIRONMENT)), str(ROOT / "tools/blender_extension.py"), *arguments]
    subprocess.run(command, check=True, timeout=TOOL_SECONDS, stdout=sys.stderr)


def run(make: Callable[[Path], str], doc: str) -> int:
    """A command line, described by *doc*, that lets *make* fill the folder it names, and prints what that tells."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="made if it is not there")
    try:
        print(make(parser.parse_args().folder.resolve()))
    except Unavailable as error:
        print(f"Cannot package: {error}.", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("Blender's extension tool found faults; they are listed above.", file=sys.stderr)
        return 1
    return 0


def _packaged(folder: Path) -> str:
    archive = package(folder)
    return f"{archive} ({archive.stat().st_size / 1e6:.1f} MB)"


if __name__ == "__main__":
    sys.exit(run(_packaged, __doc__))
