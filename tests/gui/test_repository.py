"""A real Blender subscribes to the repository on a loopback server, installs an older version from it, and updates."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Window
from publishing import OLDER, publish_older

from engine import __version__
from tools import package, repository, window_chroot
from tools.debian import Unavailable

NAME = "skyloom_test"
ENABLED = """
import bpy
from importlib import import_module
module = "bl_ext.skyloom_test.skyloom"
assert module in bpy.context.preferences.addons, list(bpy.context.preferences.addons.keys())
print("enabled", import_module(module + ".engine").__version__, hasattr(bpy.types, "SKYLOOM_OT_generate_panorama"))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """An empty folder and the address at which it is served."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Nothing: the test's output is its own."""

    folder = tmp_path / "repository"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/index.json"
    server.shutdown()
    server.server_close()


Blender = Callable[..., str]


@pytest.fixture
def blender(tmp_path: Path) -> Blender:
    """Run the Debian tree's Blender with settings of its own; returns what it printed."""
    try:
        tree = window_chroot.make()
    except Unavailable as error:
        pytest.skip(str(error))
    user = tmp_path / "user"
    user.mkdir()

    def run(*arguments: str) -> str:
        settings = f"BLENDER_USER_RESOURCES={user}"
        command = window_chroot.enter(
            tree, settings, "timeout", "-k", "5", "120", "blender", "--online-mode", *arguments, writable=[user]
        )
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def test_subscribe_install_and_update(served: tuple[Path, str], blender: Blender, tmp_path: Path) -> None:
    folder, address = served
    archive = package.package(tmp_path)
    publish_older(archive, folder)
    blender("--command", "extension", "repo-add", "--name", "Skyloom", "--url", address, NAME)
    blender("--command", "extension", "install", "--sync", "--enable", f"{NAME}.skyloom")
    show = ("--background", "--python-exit-code", "3", "--python-expr", ENABLED)
    assert f"enabled {OLDER} True" in blender(*show)

    index = repository.repository(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "index.json", archive.name]
    assert index.parent == folder
    blender("--command", "extension", "update", "--sync")
    version = archive.stem.partition("-")[2]
    assert f"enabled {version} True" in blender(*show)


def test_installed_and_updated_by_clicks(window: Window) -> None:
    """In the window; the steps are played in inside/updating.py."""
    assert window.saw("updating", "installed")["versions"] == [OLDER, OLDER]
    saw = window.saw("updating", "updated")
    assert saw["versions"] == [__version__, __version__]
    assert saw["panel"]
