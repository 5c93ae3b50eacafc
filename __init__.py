"""Skyloom: a prompt becomes a seamless 360-degree sky that lights and backs a Blender scene."""

from . import cli_command, installation, operators, panels, preferences, properties, session
from .scene import live_preview


def register() -> None:
    preferences.register()
    properties.register()
    session.register()
    live_preview.register()
    operators.register()
    panels.register()
    cli_command.register()


def unregister() -> None:
    cli_command.unregister()
    installation.close()
    panels.unregister()
    operators.unregister()
    live_preview.unregister()
    session.unregister()
    properties.unregister()
    preferences.unregister()
