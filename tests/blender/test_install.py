"""The engine is installed by Blender's own Python, from a folder of tiny wheels, and makes a sky."""

import shutil
import subprocess
from pathlib import Path

import bpy
import pytest
from conftest import extension

from tests.tiny_packages import BUILD, PIP_ALONE, make_packages

# What is done here is the work of Blender's Python, which is the same 3.11 in all of them.
once = pytest.mark.skipif(bpy.app.version[:2] != (4, 2), reason="installs on Blender 4.2 alone, to save time")


@pytest.fixture
def folder(scene):
    """The engine's folder, which is gone when the test has ended."""
    folder = extension("folders").engine_folder()
    yield folder
    if folder.path.exists():
        shutil.rmtree(folder.path)


@pytest.fixture
def packages(folder, preferences, tmp_path, monkeypatch):
    """A folder of packages that fits the installed extension, chosen in its preferences."""
    for name, value in PIP_ALONE.items():
        monkeypatch.setenv(name, value)
    locks = Path(extension("engine.setup.lock").LOCKS)
    kept = {file: file.read_bytes() for file in locks.iterdir()}
    real = extension("engine.environment").find_engine_python()
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    lend = subprocess.run([real, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.delenv("SKYLOOM_ENGINE_PYTHON", raising=False)  # it comes before what is installed
    make_packages(tmp_path / "packages", locks, Path(lend))
    preferences.build, preferences.package_folder = BUILD, str(tmp_path / "packages")
    yield tmp_path / "packages"
    for name in ("package_folder", "build"):
        preferences.property_unset(name)
    for file, content in kept.items():
        file.write_bytes(content)


@once
def test_install_generate_remove(packages, folder, quick):
    """A failure first, and then from where it stopped to the end."""
    states = extension("engine.setup.place").State
    (torch,) = packages.glob("torch*")
    away = torch.rename(packages.parent / torch.name)
    with pytest.raises(RuntimeError, match="missing"):
        bpy.ops.skyloom.install_engine()
    assert folder.state() is states.INCOMPLETE
    assert extension("installation").progress().error

    away.rename(torch)
    assert bpy.ops.skyloom.install_engine() == {"FINISHED"}
    assert folder.state() is states.READY
    assert extension("preferences").engine_python(bpy.context) == folder.python
    assert bpy.ops.skyloom.generate_panorama(**quick) == {"FINISHED"}
    assert not extension("preferences").engine_is_outdated(bpy.context)

    lock = extension("engine.setup.lock").lock_file("packages")
    lock.write_text(f"# of another version\n{lock.read_text()}")
    assert folder.state() is states.OUTDATED
    assert extension("preferences").engine_is_outdated(bpy.context), "the panel does not offer the update"
    folder.python.unlink()
    assert folder.state() is states.BROKEN

    assert not bpy.app.online_access
    assert bpy.ops.skyloom.remove_engine() == {"FINISHED"}
    assert folder.state() is states.MISSING


def test_another_build_is_offered_by_name(installed):
    offered, builds = extension("engine_preferences").ready_button, extension("engine.setup.builds").builds_here()
    for build in builds.values():
        assert (build.label in offered("another", build), offered(build.name, build)) == (True, "Repair")
    assert offered("cpu", None) == "Repair", "it is still being found out"


def test_all_use_the_installed_engine(folder, tmp_path, monkeypatch):
    """A drawing too, where no other engine is known than the one that was installed from the preferences."""
    real = extension("engine.environment").find_engine_python()
    monkeypatch.delenv("SKYLOOM_ENGINE_PYTHON", raising=False)
    monkeypatch.setenv("SKYLOOM_CACHE", str(tmp_path))
    extension("session").close()  # the engine of the tests before
    folder.open_for_work()
    folder.environment.symlink_to(real.parent.parent)
    folder.close_after_work(next(iter(extension("engine.setup.builds").builds_here().values())))
    assert bpy.ops.skyloom.preview_layout() == {"FINISHED"}
    extension("scene.live_preview").end(bpy.context.scene)


@once
def test_check_says_what_was_found(scene):
    """By the engine that the other tests use."""
    assert bpy.ops.skyloom.check_engine() == {"FINISHED"}
    found = extension("installation").progress().findings
    assert len(found) > 5
    assert [finding.message for finding in found if finding.verdict == "wrong"] == []
    assert bpy.ops.skyloom.copy_install_log.poll()


def test_what_is_possible_offline(folder, preferences):
    """Nothing is downloaded without online access; it installs from a folder of packages, and removes always."""
    assert not bpy.app.online_access
    assert not bpy.ops.skyloom.install_engine.poll()
    preferences.package_folder = "/somewhere"
    assert bpy.ops.skyloom.install_engine.poll()
    preferences.property_unset("package_folder")

    assert not bpy.ops.skyloom.remove_engine.poll()
    folder.environment.mkdir(parents=True)
    assert bpy.ops.skyloom.remove_engine.poll()


def test_check_needs_an_engine(scene, preferences):
    preferences.engine_python = "/nowhere/python"
    assert not bpy.ops.skyloom.check_engine.poll()
