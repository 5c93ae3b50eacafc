"""Blender subscribes to a repository on loopback; a click installs an older Skyloom from it, another updates it."""

import sys
import threading
import tomllib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import bpy
from choosing import loopback_up
from screen import OUT, Until, area, find_button, move, screenshot, viewport_point
from several import MODULE
from story import GENERATE, SIDEBAR, Steps, click_button

PREFERENCES = ("PREFERENCES", "WINDOW")
INSTALL = "extensions.package_install("  # Blender's own, which says Update on a newer version
NAME = "skyloom_published"


class Handler(SimpleHTTPRequestHandler):
    """Serves the older repository and then the newer."""

    folder = OUT / "older"

    def translate_path(self, path: str) -> str:
        return str(self.folder / Path(urlsplit(path).path).name)  # Blender tells its version in the query

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the log is Blender's."""


def repository() -> bpy.types.UserExtensionRepo:
    return next(repo for repo in bpy.context.preferences.extensions.repos if repo.module == NAME)


def versions() -> list[str | None]:
    """Of the extension on the disk and of its engine, as it is loaded; None for what is just being replaced."""
    manifest = Path(repository().directory) / "skyloom" / "blender_manifest.toml"
    on_disk = tomllib.loads(manifest.read_text())["version"] if manifest.is_file() else None
    return [on_disk, getattr(sys.modules.get(f"bl_ext.{NAME}.skyloom.engine"), "__version__", None)]


def there(folder: Path) -> Until:
    """The version that the repository in *folder* has."""
    version = next(folder.glob("*.zip")).stem.partition("-")[2]
    return Until(f"version {version} to be there", lambda: versions() == [version, version], 60)


def sync() -> None:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area("PREFERENCES")):
        bpy.ops.extensions.repo_sync_all(use_active_only=False)


def installed(saw: dict) -> Steps:
    loopback_up()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bpy.ops.preferences.addon_disable(module=MODULE)
    bpy.context.preferences.system.use_online_access = True
    address = f"http://127.0.0.1:{server.server_port}/index.json"
    for other in bpy.context.preferences.extensions.repos:
        other.enabled = other.module == "user_default"
    bpy.ops.preferences.extension_repo_add(name=NAME, remote_url=address, type="REMOTE")
    area("VIEW_3D").type = "PREFERENCES"
    bpy.context.preferences.active_section = "EXTENSIONS"
    bpy.context.window_manager.extension_search = "Skyloom"
    yield 1.0
    sync()
    yield 2.0
    yield from screenshot("offered")
    yield from click_button(INSTALL, PREFERENCES)
    yield there(Handler.folder)
    saw["versions"] = versions()
    yield from screenshot("installed")


def updated(saw: dict) -> Steps:
    Handler.folder = OUT / "newer"
    sync()
    yield 2.0
    yield from screenshot("update")
    yield from click_button(INSTALL, PREFERENCES)
    yield there(Handler.folder)
    yield 1.0
    saw["versions"] = versions()
    yield from screenshot("updated")
    area("PREFERENCES").type = "VIEW_3D"
    area("VIEW_3D").spaces.active.show_region_ui = True
    yield 1.5
    next(region for region in area("VIEW_3D").regions if region.type == "UI").active_panel_category = "Skyloom"
    area("VIEW_3D").tag_redraw()
    yield 1.0
    saw["panel"] = yield from find_button(GENERATE, *SIDEBAR)
    yield from move(*viewport_point())
    yield from screenshot("panel")
    bpy.ops.extensions.package_uninstall(repo_directory=repository().directory, pkg_id="skyloom")
    bpy.ops.preferences.addon_enable(module=MODULE)  # what the other stories use


STEPS = (installed, updated)
