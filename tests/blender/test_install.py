"""The engine is installed by Blender's own Python, from a folder of tiny wheels, and makes a sky."""

import shutil
import subprocess
from pathlib import Path

import bpy
import pytest
from conftest import extension

from tests.tiny_packages import PIP_ALONE, make_packages


@pytest.fixture
def packages(scene, preferences, tmp_path, monkeypatch):
    """A folder of packages that fits the installed extension, chosen in its preferences."""
    for name, value in PIP_ALONE.items():
        monkeypatch.setenv(name, value)
    locks = Path(extension("engine.setup.lock").LOCKS)
    kept = {file: file.read_bytes() for file in locks.iterdir()}
    real = extension("engine.environment").find_engine_python()
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    lend = subprocess.run([real, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    make_packages(tmp_path / "packages", locks, Path(lend))
    preferences.package_folder = str(tmp_path / "packages")
    yield tmp_path / "packages"
    for name in ("package_folder", "build"):
        preferences.property_unset(name)
    for file, content in kept.items():
        file.write_bytes(content)
    folder = extension("folders").engine_folder()
    if folder.path.exists():
        shutil.rmtree(folder.path)


def test_install_generate_update_remove(packages, quick):
    place, folder = extension("engine.setup.place"), extension("folders").engine_folder()
    assert folder.state() is place.State.MISSING
    assert bpy.ops.skyloom.install_engine() == {"FINISHED"}
    assert folder.state() is place.State.READY
    assert extension("preferences").engine_python(bpy.context) == folder.python
    assert bpy.ops.skyloom.generate_panorama(**quick) == {"FINISHED"}
    assert bpy.ops.skyloom.copy_install_log.poll()

    lock = extension("engine.setup.lock").lock_file("packages")
    lock.write_text(f"# of another version\n{lock.read_text()}")
    assert folder.state() is place.State.OUTDATED
    assert bpy.ops.skyloom.install_engine() == {"FINISHED"}
    assert folder.state() is place.State.READY

    folder.python.unlink()
    assert folder.state() is place.State.BROKEN
    assert bpy.ops.skyloom.install_engine() == {"FINISHED"}
    assert bpy.ops.skyloom.install_engine(remove=True) == {"FINISHED"}
    assert folder.state() is place.State.MISSING


def test_failure_is_told(packages):
    for wheel in packages.glob("torch*"):
        wheel.unlink()
    with pytest.raises(RuntimeError, match="missing"):
        bpy.ops.skyloom.install_engine()
    folder = extension("folders").engine_folder()
    assert folder.state() is extension("engine.setup.place").State.INCOMPLETE
    assert extension("installation").progress.error


def test_nothing_is_downloaded_without_online_access(scene, preferences):
    assert not bpy.app.online_access
    assert not bpy.ops.skyloom.install_engine.poll()
    preferences.package_folder = "/somewhere"
    assert bpy.ops.skyloom.install_engine.poll()
    preferences.property_unset("package_folder")
