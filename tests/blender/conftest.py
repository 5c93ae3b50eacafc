"""The built zip, installed into a throw-away Blender. One bpy per process, so the session installs it once."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

_resources = tempfile.TemporaryDirectory(prefix="skyloom-blender-")
os.environ["BLENDER_USER_RESOURCES"] = _resources.name  # read when bpy is imported

import bpy  # noqa: E402
import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MODULE = "bl_ext.user_default.skyloom"
NANO = ROOT / "tests" / "models" / "nano-sd1"


def blender_tool(*arguments: str | Path) -> subprocess.CompletedProcess:
    """Blender's own extension tool, as ``blender --command extension`` runs it."""
    call = [sys.executable, ROOT / "tools" / "blender_extension.py", *arguments]
    return subprocess.run(call, capture_output=True, text=True)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip, built from the working tree."""
    zip_file = tmp_path_factory.mktemp("package") / "skyloom.zip"
    done = blender_tool("build", "--source-dir", ROOT, "--output-filepath", zip_file)
    assert done.returncode == 0, done.stdout + done.stderr
    return zip_file


@pytest.fixture(scope="session")
def installed(package: Path) -> Iterator[None]:
    bpy.ops.extensions.package_install_files(filepath=str(package), repo="user_default", enable_on_install=False)
    bpy.ops.preferences.addon_enable(module=MODULE)
    yield
    bpy.ops.preferences.addon_disable(module=MODULE)  # Blender 4.2 crashes at exit with an extension's classes left


@pytest.fixture
def scene(installed: None) -> bpy.types.Scene:
    """The scene of a new file. The engine stays warm from test to test, as it does for an artist."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    return bpy.context.scene


@pytest.fixture
def preferences(installed: None) -> Iterator[bpy.types.AddonPreferences]:
    chosen = bpy.context.preferences.addons[MODULE].preferences
    yield chosen
    chosen.property_unset("engine_python")
    for name in ("output_folder", "file_name", "use_pack"):
        chosen.property_unset(name)


@pytest.fixture
def quick() -> dict:
    """Arguments for the operator: a real generation on a tiny model of random weights."""
    return {"prompt": "a storm", "model": str(NANO), "width": 128, "steps": 2, "coherence": "OFF", "seed": 7}


@pytest.fixture
def pattern(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """An EXR of 128 x 64 whose every pixel differs, beyond 1 too, and its pixels from the bottom row up."""
    rows, columns = np.mgrid[0:64, 0:128].astype(np.float32)
    pixels = np.ones((64, 128, 4), np.float32)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = columns / 128, rows / 64, 3 * ((columns // 16 + rows // 16) % 2)
    image = bpy.data.images.new("pattern", 128, 64, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(tmp_path / "pattern.exr"), "OPEN_EXR"
    image.save()
    bpy.data.images.remove(image)
    return tmp_path / "pattern.exr", pixels[..., :3]


def extension(name: str) -> ModuleType:
    """A module of the installed extension."""
    return sys.modules[f"{MODULE}.{name}"]
