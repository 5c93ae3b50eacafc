"""Skyloom: a prompt becomes a seamless 360-degree sky that lights and backs a Blender scene."""

import sys

# When Blender updates the extension, it reads this file anew and no other. The other modules, of the older version, are
# forgotten here, so that they are read anew as well.
for _name in [name for name in sys.modules if name.startswith(f"{__name__}.")]:
    del sys.modules[_name]
    globals().pop(_name.removeprefix(f"{__name__}."), None)

from . import (  # noqa: E402
    cli_command,
    downloads,
    folders,
    installation,
    operators,
    panels,
    preferences,
    properties,
    session,
)
from .scene import live_preview  # noqa: E402


def register() -> None:
    preferences.register()
    properties.register()
    folders.register()
    session.register()
    downloads.register()
    installation.register()
    live_preview.register()
    operators.register()
    panels.register()
    cli_command.register()


def unregister() -> None:
    cli_command.unregister()
    panels.unregister()
    operators.unregister()
    live_preview.unregister()
    installation.unregister()
    downloads.unregister()
    session.unregister()
    folders.unregister()
    properties.unregister()
    preferences.unregister()
